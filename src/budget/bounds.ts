/**
 * The penalty that keeps every gate's open share between two bounds, which loosen in the course of training.
 *
 * After DGNet (Li et al., ICCV 2021).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { binary, mean, scale, unary } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** Position and weight of the bounds. */
export interface BoundOptions {
  /** s, the open share at which both bounds start, in 0..1. */
  readonly openShare: number;
  /** p = exp(-alpha epoch): 1 for bounds that meet at s, falling towards 0 for bounds at 0 and 1. */
  readonly tightness: number;
  /** gamma, the weight of the penalty. */
  readonly weight: number;
}

/**
 * gamma [mean_b relu(p s - d_b)^2 + mean_b relu(d_b - (1 - p + p s))^2], over the gates b.
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
