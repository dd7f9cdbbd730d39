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
 * (1/D^2) sum_{i != j} corr_ij^2, with corr = u^T u and u the centred columns scaled to length 1.
 *
 * The diagonal that is subtracted is computed too: it is 1 only up to rounding, and 0 for a column that does not vary.
 */
function correlationTerm(tape: Recorder, { centred }: CentredColumns): Tensor {
  const unit = normaliseColumns(tape, centred);
  const diagonal = sum(tape, unary(tape, "square", unit), "rows");
  return squaresOffDiagonal(tape, unit, { alpha: 1, diagonal, factor: 1 / unit.dim(1) ** 2 });
}

/**
 * loss = 25 invariance + 25 variance + 200 covariance.
 *
 * Invariance is the mean of (a - b)^2 over all entries. Variance is VICReg's. Covariance is a mean of squared
 * correlations, which do not depend on the columns' scales. The last two are summed over the two views. The paper
 * whitens the projections (IterNorm). This loss does not, as solo-learn's by default.
 *
 * @example
 * ```ts
 * import { Device } from "@sluice/sluice/device";
 * import { vibcreg } from "@sluice/sluice/objectives";
 * import { Scope, Tensor } from "@sluice/sluice/tensor";
 *
 * using device = Device.open({ device: "cpu", threads: 1 });
 * using _scope = new Scope();
 * const a = Tensor.from(device, Float32Array.of(1, 0, 0, 1), [2, 2]); // two images, projections of size 2
 * const b = Tensor.from(device, Float32Array.of(1, 1, 0, 1), [2, 2]);
 * using objective = vibcreg();
 * const { loss, terms } = objective.compute(null, a, b);
 * console.log(loss.item(), terms["covariance"]?.item());
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
 * VIbCReg, selected by its name. There is no target and no stop-gradient: in `dual` the gated pass of view 1 and the
 * dense pass of view 2 move towards each other, as with VICReg.
 */
export const vibcregKind: ObjectiveKind = {
  name: "vibcreg",
  description: "VICReg with correlations in place of covariances (Lee, Aune 2021)",
  priceScale: 1,
  create: () => vibcreg(),
};
