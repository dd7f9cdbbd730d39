/**
 * VIbCReg: variance-invariance-better-covariance regularisation (Lee, Aune 2021, arXiv 2109.00783).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { binary, matmul, scale, sum, unary } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import { type CentredColumns, decorrelate, type TermWeights } from "./decorrelation.ts";
import type { Objective, ObjectiveKind } from "./objective.ts";

const defaults: TermWeights = { invarianceWeight: 25, varianceWeight: 25, covarianceWeight: 200 };

/** Below the square root of a column's squared length, so that a column that does not vary becomes zeros. */
const TINY = 1e-24;

/**
 * (1/D^2) sum_{i != j} corr_ij^2, with corr = u^T u, u the centred columns brought to length 1.
 *
 * As in VICReg, the smaller of u^T u and u u^T gives the sum over all i, j. The diagonal is taken off as it was computed, 1 but for
 * rounding, and 0 for a column that does not vary.
 */
function correlationTerm(tape: Recorder, { centred }: CentredColumns): Tensor {
  const [rows, columns] = [centred.dim(0), centred.dim(1)];
  const squares = sum(tape, unary(tape, "square", centred), "rows");
  const unit = binary(tape, "divide", centred, unary(tape, "sqrt", scale(tape, squares, 1, TINY)), "row");
  const wide = rows < columns;
  const gram = matmul(tape, unit, unit, { transposeA: !wide, transposeB: wide });
  const everything = sum(tape, unary(tape, "square", gram), "all", 1 / columns ** 2);
  const lengths = sum(tape, unary(tape, "square", unit), "rows");
  const diagonal = sum(tape, unary(tape, "square", lengths), "all", 1 / columns ** 2);
  return binary(tape, "subtract", everything, diagonal);
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
