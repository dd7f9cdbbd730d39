/**
 * VICReg: variance-invariance-covariance regularisation (Bardes, Ponce, LeCun, ICLR 2022).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { binary, matmul, mean, scale, sum, unary } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { Objective, ObjectiveKind, ObjectiveValue } from "./objective.ts";

/** Weights of the three terms. */
export interface VicregOptions {
  /** 25 by default. */
  readonly invarianceWeight: number;
  /** 25 by default. */
  readonly varianceWeight: number;
  /** 1 by default. */
  readonly covarianceWeight: number;
}

const defaults: VicregOptions = { invarianceWeight: 25, varianceWeight: 25, covarianceWeight: 1 };

/** Added to the variance below the square root. */
const EPSILON = 1e-4;

/**
 * The statistics of one view that both regularisers need.
 *
 * @returns the centred projections [N, D], and their unbiased variances [D].
 */
function centre(tape: Recorder, z: Tensor): { centred: Tensor; variance: Tensor } {
  const rows = z.dim(0);
  const centred = binary(tape, "subtract", z, sum(tape, z, "rows", 1 / rows), "row");
  return { centred, variance: sum(tape, unary(tape, "square", centred), "rows", 1 / (rows - 1)) };
}

/** mean_j relu(1 - sqrt(var_j + 1e-4)). */
function varianceTerm(tape: Recorder, variance: Tensor): Tensor {
  const deviation = unary(tape, "sqrt", scale(tape, variance, 1, EPSILON));
  return mean(tape, unary(tape, "relu", scale(tape, deviation, -1, 1)));
}

/**
 * (1/D) sum_{i != j} cov_ij^2, with cov = centred^T centred / (N - 1).
 *
 * The sum over all i, j is the squared Frobenius norm of centred^T centred, which equals that of centred centred^T: the
 * smaller of the two products is formed, and the diagonal, the variances, taken off.
 */
function covarianceTerm(tape: Recorder, centred: Tensor, variance: Tensor): Tensor {
  const [rows, columns] = [centred.dim(0), centred.dim(1)];
  const wide = rows < columns;
  const alpha = 1 / (rows - 1);
  const gram = matmul(tape, centred, centred, { transposeA: !wide, transposeB: wide, alpha });
  const everything = sum(tape, unary(tape, "square", gram), "all", 1 / columns);
  const diagonal = sum(tape, unary(tape, "square", variance), "all", 1 / columns);
  return binary(tape, "subtract", everything, diagonal);
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
export function vicreg(options: Partial<VicregOptions> = {}): Objective {
  const weights = { ...defaults, ...options };
  return {
    compute(tape: Recorder, a: Tensor, b: Tensor): ObjectiveValue {
      const invariance = mean(tape, unary(tape, "square", binary(tape, "subtract", a, b)));
      const [one, two] = [centre(tape, a), centre(tape, b)];
      const variance = binary(tape, "add", varianceTerm(tape, one.variance), varianceTerm(tape, two.variance));
      const covariance = binary(
        tape,
        "add",
        covarianceTerm(tape, one.centred, one.variance),
        covarianceTerm(tape, two.centred, two.variance),
      );
      const weighted = [
        scale(tape, invariance, weights.invarianceWeight),
        scale(tape, variance, weights.varianceWeight),
        scale(tape, covariance, weights.covarianceWeight),
      ] as const;
      const loss = binary(tape, "add", binary(tape, "add", weighted[0], weighted[1]), weighted[2]);
      return { loss, terms: { invariance, variance, covariance } };
    },
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
