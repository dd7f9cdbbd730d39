/**
 * Barlow Twins: redundancy reduction (Zbontar, Jing, Misra, LeCun, Deny, ICML 2021, arXiv 2103.03230).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { binary, matmul, scale, sum, unary } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { Objective, ObjectiveKind, ObjectiveValue } from "./objective.ts";

/** Settings. The defaults are those of solo-learn and of the paper's code. */
export interface BarlowTwinsOptions {
  /** lambda, the weight of the off-diagonal term: 0.0051 by default. */
  readonly redundancyWeight: number;
  /** Factor of the whole loss: 0.024 by default, because the sums grow with D. */
  readonly scale: number;
}

const defaults: BarlowTwinsOptions = { redundancyWeight: 0.0051, scale: 0.024 };

/** Added to variances, as by the reference's batch norm without scale and shift. */
const EPSILON = 1e-5;

/** Brings each column to mean 0 and biased variance 1. */
function standardise(tape: Recorder, z: Tensor): Tensor {
  const rows = z.dim(0);
  const centred = binary(tape, "subtract", z, sum(tape, z, "rows", 1 / rows), "row");
  const variance = sum(tape, unary(tape, "square", centred), "rows", 1 / rows);
  return binary(tape, "divide", centred, unary(tape, "sqrt", scale(tape, variance, 1, EPSILON)), "row");
}

/**
 * loss = 0.024 [ sum_i (1 - c_ii)^2 + 0.0051 sum_{i != j} c_ij^2 ], with c = A^T B / N, [D, D].
 *
 * c correlates the projections of the two views: A and B are their columns, standardised over the batch as
 * (a - mean) / sqrt(biased variance + 1e-5).
 *
 * In `dual`, c correlates the gated pass of view 1 with the dense pass of view 2. There is no target and no
 * stop-gradient: gradients flow through both passes.
 *
 * @example
 * ```ts
 * import { Device } from "@sluice/sluice/device";
 * import { barlowTwins } from "@sluice/sluice/objectives";
 * import { Scope, Tensor } from "@sluice/sluice/tensor";
 *
 * using device = Device.open({ device: "cpu", threads: 1 });
 * using _scope = new Scope();
 * const a = Tensor.from(device, Float32Array.of(1, 0, 0, 1), [2, 2]); // two images, projections of size 2
 * const b = Tensor.from(device, Float32Array.of(1, 1, 0, 1), [2, 2]);
 * using objective = barlowTwins();
 * const { loss, terms } = objective.compute(null, a, b);
 * console.log(loss.item(), terms["onDiagonal"]?.item(), terms["offDiagonal"]?.item());
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
      // The sum of all squares less those on the diagonal.
      const everything = sum(tape, unary(tape, "square", correlation), "all");
      const offDiagonal = binary(tape, "subtract", everything, sum(tape, unary(tape, "square", diagonal), "all"));
      const total = binary(tape, "add", onDiagonal, scale(tape, offDiagonal, redundancyWeight));
      return { loss: scale(tape, total, factor), terms: { onDiagonal, offDiagonal } };
    },
    [Symbol.dispose]: () => {},
  };
}

/** Barlow Twins, selected by its name. */
export const barlowTwinsKind: ObjectiveKind = {
  name: "barlow-twins",
  description: "redundancy reduction by cross-correlation (Zbontar et al. 2021)",
  priceScale: 0.5,
  create: () => barlowTwins(),
};
