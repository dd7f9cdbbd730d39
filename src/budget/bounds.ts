/**
 * The penalty that keeps every gate's openness between two bounds, which loosen as training goes on.
 *
 * After DGNet (Li et al., ICCV 2021).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { binary, mean, scale, unary } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** Where the bounds are. */
export interface BoundOptions {
  /** s, the open share that both bounds are at while they are tight, in 0..1. */
  readonly openShare: number;
  /** p = exp(-alpha * epoch): how tightly the bounds hold, 1 at first, loosening towards 0. */
  readonly tightness: number;
  /** gamma, weight of the penalty. */
  readonly weight: number;
}

/**
 * gamma [mean_b relu(p s - d_b)^2 + mean_b relu(d_b - (1 - p + p s))^2].
 *
 * @param open d, the open share of each gate, [gates] f32.
 * @returns [1] f32.
 */
export function boundPenalty(tape: Recorder, open: Tensor, { openShare, tightness, weight }: BoundOptions): Tensor {
  const lower = tightness * openShare;
  const upper = 1 - tightness + lower;
  const below = unary(tape, "square", unary(tape, "relu", scale(tape, open, -1, lower)));
  const above = unary(tape, "square", unary(tape, "relu", scale(tape, open, 1, -upper)));
  return scale(tape, binary(tape, "add", mean(tape, below), mean(tape, above)), weight);
}
