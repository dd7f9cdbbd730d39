/**
 * VICReg: variance-invariance-covariance regularisation (Bardes, Ponce, LeCun, ICLR 2022).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import { type CentredColumns, decorrelate, squaresOffDiagonal, type TermWeights } from "./decorrelation.ts";
import type { Objective, ObjectiveKind } from "./objective.ts";

const defaults: TermWeights = { invarianceWeight: 25, varianceWeight: 25, covarianceWeight: 1 };

/** (1/D) sum_{i != j} cov_ij^2, with cov = centred^T centred / (N - 1). Its diagonal holds the variances. */
function covarianceTerm(tape: Recorder, { centred, variance }: CentredColumns): Tensor {
  const [rows, columns] = [centred.dim(0), centred.dim(1)];
  return squaresOffDiagonal(tape, centred, { alpha: 1 / (rows - 1), diagonal: variance, factor: 1 / columns });
}

/**
 * loss = 25 invariance + 25 variance + 1 covariance.
 *
 * Invariance is the mean of (a - b)^2 over all entries. Variance, mean_j relu(1 - sqrt(var_j + 1e-4)), and covariance,
 * (1/D) sum_{i != j} cov_ij^2, are summed over the two views.
 *
 * @example
 * ```ts
 * import { Device } from "@sluice/sluice/device";
 * import { vicreg } from "@sluice/sluice/objectives";
 * import { Scope, Tensor } from "@sluice/sluice/tensor";
 *
 * using device = Device.open({ device: "cpu", threads: 1 });
 * using _scope = new Scope();
 * const a = Tensor.from(device, Float32Array.of(1, 0, 0, 1), [2, 2]); // two images, projections of size 2
 * const b = Tensor.from(device, Float32Array.of(1, 1, 0, 1), [2, 2]);
 * using objective = vicreg();
 * const { loss, terms } = objective.compute(null, a, b);
 * console.log(loss.item(), terms["invariance"]?.item()); // the second is 0.25
 * ```
 */
export function vicreg(options: Partial<TermWeights> = {}): Objective {
  const weights = { ...defaults, ...options };
  return {
    compute: (tape, a, b) => decorrelate(tape, a, b, weights, covarianceTerm),
    [Symbol.dispose]: () => {},
  };
}

/**
 * VICReg, selected by its name. There is no target and no stop-gradient: in `dual` the gated pass of view 1 and the
 * dense pass of view 2 move towards each other. If `invariance` is false (the ablation of arXiv 2301.09164), the term
 * has the weight 0 and is still reported.
 */
export const vicregKind: ObjectiveKind = {
  name: "vicreg",
  description: "variance-invariance-covariance regularisation (Bardes et al. 2022)",
  priceScale: 1,
  create: ({ invariance = true }) => vicreg(invariance ? {} : { invarianceWeight: 0 }),
};
