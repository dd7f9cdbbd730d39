/**
 * Barlow Twins: redundancy reduction (Zbontar, Jing, Misra, LeCun, Deny, ICML 2021, arXiv 2103.03230).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { binary, matmul, scale, sum, unary } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { Objective, ObjectiveKind, ObjectiveValue } from "./objective.ts";

/** Settings; the defaults are solo-learn's and of the paper's code. */
export interface BarlowTwinsOptions {
  /** lambda, weight of redundancy: 0.0051 by default. */
  readonly redundancyWeight: number;
  /** Factor before the whole loss: 0.024 by default, for otherwise it grows with D. */
  readonly scale: number;
}

const defaults: BarlowTwinsOptions = { redundancyWeight: 0.0051, scale: 0.024 };

/** Added to variances, as in the batch norm without scale and shift of the reference. */
const EPSILON = 1e-5;

/** Columns of mean 0 and (biased) variance 1. */
function standardise(tape: Recorder, z: Tensor): Tensor {
  const rows = z.dim(0);
  const centred = binary(tape, "subtract", z, sum(tape, z, "rows", 1 / rows), "row");
  const variance = sum(tape, unary(tape, "square", centred), "rows", 1 / rows);
  return binary(tape, "divide", centred, unary(tape, "sqrt", scale(tape, variance, 1, EPSILON)), "row");
}

/**
 * loss = 0.024 [ sum_i (1 - c_ii)^2 + 0.0051 sum_{i != j} c_ij^2 ], where c = A^T B / N [D, D] is the correlation of the two views' projections,
 * A and B their columns standardised over the batch, (a - mean) / sqrt(biased variance + 1e-5).
 *
 * No target, no stop-gradient: in `dual` c is the correlation of the gated pass of view 1 with the dense pass of view 2, and
 * gradients flow through both.
 *
 * @example
 * ```ts ignore
 * const { loss, terms } = barlowTwins().compute(tape, a, b); // terms.onDiagonal, terms.offDiagonal
 * ```
 */
export function barlowTwins(options: Partial<BarlowTwinsOptions> = {}): Objective {
  const { redundancyWeight, scale: factor } = { ...defaults, ...options };
  return {
    compute(tape: Recorder, a: Tensor, b: Tensor): ObjectiveValue {
      const [one, two] = [standardise(tape, a), standardise(tape, b)];
      const alpha = 1 / a.dim(0);
      const correlation = matmul(tape, one, two, { transposeA: true, alpha });
      const diagonal = sum(tape, binary(tape, "multiply", one, two), "rows", alpha);
      const onDiagonal = sum(tape, unary(tape, "square", scale(tape, diagonal, -1, 1)), "all");
      // The squares of the diagonal are taken off the sum of all.
      const everything = sum(tape, unary(tape, "square", correlation), "all");
      const offDiagonal = binary(tape, "subtract", everything, sum(tape, unary(tape, "square", diagonal), "all"));
      const total = binary(tape, "add", onDiagonal, scale(tape, offDiagonal, redundancyWeight));
      return { loss: scale(tape, total, factor), terms: { onDiagonal, offDiagonal } };
    },
    [Symbol.dispose]: () => {},
  };
}

/** Barlow Twins as it is chosen. */
export const barlowTwinsKind: ObjectiveKind = {
  name: "barlow-twins",
  description: "redundancy reduction by cross-correlation (Zbontar et al. 2021)",
  priceScale: 0.5,
  create: () => barlowTwins(),
};
