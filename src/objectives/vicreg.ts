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

/** (1/D) sum_{i != j} cov_ij^2, with cov = centred^T centred / (N - 1), whose diagonal are the variances. */
function covarianceTerm(tape: Recorder, { centred, variance }: CentredColumns): Tensor {
  const [rows, columns] = [centred.dim(0), centred.dim(1)];
  return squaresOffDiagonal(tape, centred, { alpha: 1 / (rows - 1), diagonal: variance, factor: 1 / columns });
}

/**
 * loss = 25 invariance + 25 variance + 1 covariance, where invariance is the mean of (a - b)^2 over all entries, and variance and
 * covariance are summed over the two views.
 *
 * @example
 * ```ts ignore
 * const { loss, terms } = vicreg().compute(tape, a, b); // terms.invariance, terms.variance, terms.covariance
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
 * VICReg as it is chosen. It has no target and no stop-gradient: in `dual` the gated pass of view 1 and the dense pass of view 2 move
 * towards each other. Without the invariance term, the ablation of arXiv 2301.09164, that weight is 0: the term is still reported.
 */
export const vicregKind: ObjectiveKind = {
  name: "vicreg",
  description: "variance-invariance-covariance regularisation (Bardes et al. 2022)",
  priceScale: 1,
  create: ({ invariance = true }) => vicreg(invariance ? {} : { invarianceWeight: 0 }),
};
