/**
 * The budget terms as published: a squared distance to the target share, and bounds on every block's openness.
 *
 * Krishna et al. 2023, after DGNet (Li et al., ICCV 2021).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { NetworkCost } from "../models/mod.ts";
import { binary, mean, scale, stack, sum, unary } from "../ops/mod.ts";
import { Tensor } from "../tensor/mod.ts";

/** Constants of the terms. */
export interface BudgetOptions {
  /** t, the target share of the dense network's MACs, in (0, 1]. */
  readonly target: number;
  /** lambda, weight of the distance to the target. */
  readonly macsWeight: number;
  /** gamma, weight of the bounds. */
  readonly boundWeight: number;
  /** p = exp(-alpha * epoch): how tightly the bounds hold, 1 at first, loosening towards 0. */
  readonly tightness: number;
}

/** The terms, weighted, and the share they were computed from, each [1] f32. */
export interface BudgetTerms {
  /** lambda (share - t)^2. */
  readonly macs: Tensor;
  /** gamma [mean_b relu(p s - d_b)^2 + mean_b relu(d_b - (1 - p + p s))^2], s = sqrt(t). */
  readonly bound: Tensor;
  /** MACs of the pass, gates included, over those of the dense network. */
  readonly share: Tensor;
}

/** share = (stem + sum_b ((conv1 + conv2) d_b + shortcut + gate)) / full: linear in the open shares d. */
function measuredShare(tape: Recorder, open: Tensor, cost: NetworkCost): Tensor {
  const coefficients = Float32Array.from(cost.blocks, (block) => (block.conv1 + block.conv2) / cost.macs);
  const fixed = cost.blocks.reduce((total, block) => total + block.shortcut + block.gate, cost.stem);
  const variable = binary(tape, "multiply", open, Tensor.from(open.device, coefficients, [coefficients.length]));
  return scale(tape, sum(tape, variable, "all"), 1, fixed / cost.macs);
}

/**
 * The terms of one gated pass.
 *
 * @param masks one [N, C] f32 of 0 and 1 for each block of `cost`.
 */
export function paperBudgetTerms(
  tape: Recorder,
  masks: readonly Tensor[],
  cost: NetworkCost,
  options: BudgetOptions,
): BudgetTerms {
  const { target, macsWeight, boundWeight, tightness } = options;
  const open = stack(tape, masks.map((mask) => mean(tape, mask)));
  const share = measuredShare(tape, open, cost);
  const macs = scale(tape, unary(tape, "square", scale(tape, share, 1, -target)), macsWeight);
  const lower = tightness * Math.sqrt(target);
  const upper = 1 - tightness + lower;
  const below = unary(tape, "square", unary(tape, "relu", scale(tape, open, -1, lower)));
  const above = unary(tape, "square", unary(tape, "relu", scale(tape, open, 1, -upper)));
  const bound = scale(tape, binary(tape, "add", mean(tape, below), mean(tape, above)), boundWeight);
  return { macs, bound, share };
}
