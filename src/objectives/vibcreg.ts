/**
 * VIbCReg: variance-invariance-better-covariance regularisation (Lee, Aune 2021, arXiv 2109.00783).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { sum, unary } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import { type CentredColumns, decorrelate, squaresOffDiagonal, type TermWeights } from "./decorrelation.ts";
import type { Objective, ObjectiveKind } from "./objective.ts";
import { normaliseColumns } from "./similarity.ts";

const defaults: TermWeights = { invarianceWeight: 25, varianceWeight: 25, covarianceWeight: 200 };

/**
 * (1/D^2) sum_{i != j} corr_ij^2, with corr = u^T u, u the centred columns brought to length 1. The diagonal is taken off as it is
 * computed, 1 but for rounding, and 0 for a column that does not vary.
 */
function correlationTerm(tape: Recorder, { centred }: CentredColumns): Tensor {
  const unit = normaliseColumns(tape, centred);
  const diagonal = sum(tape, unary(tape, "square", unit), "rows");
  return squaresOffDiagonal(tape, unit, { alpha: 1, diagonal, factor: 1 / unit.dim(1) ** 2 });
}

/**
 * loss = 25 invariance + 25 variance + 200 covariance, where invariance is the mean of (a - b)^2 over all entries, and variance, VICReg's,
 * and covariance, freed of the columns' scales, are summed over the two views. The whitening that the paper puts behind the projector (IterNorm)
 * is left out, as in solo-learn unless it is asked for.
 *
 * @example
 * ```ts ignore
 * const { loss, terms } = vibcreg().compute(tape, a, b); // terms.invariance, terms.variance, terms.covariance
 * ```
 */
export function vibcreg(options: Partial<TermWeights> = {}): Objective {
  const weights = { ...defaults, ...options };
  return {
    compute: (tape, a, b) => decorrelate(tape, a, b, weights, correlationTerm),
    [Symbol.dispose]: () => {},
  };
}

/**
 * VIbCReg as it is chosen. No target, no stop-gradient: in `dual` the gated pass of view 1 and the dense pass of view 2 move towards each
 * other, as with VICReg.
 */
export const vibcregKind: ObjectiveKind = {
  name: "vibcreg",
  description: "VICReg with correlations in place of covariances (Lee, Aune 2021)",
  priceScale: 1,
  create: () => vibcreg(),
};
