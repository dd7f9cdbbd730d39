/**
 * What a gated pass costs, as a function of its masks that gradients flow through.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { NetworkCost } from "../models/mod.ts";
import { binary, mean, scale, stack, sum } from "../ops/mod.ts";
import { Tensor } from "../tensor/mod.ts";

/** The mean share of open channels of each block. @param masks one [N, C] f32 for each block. @returns [blocks] f32. */
export function openShares(tape: Recorder, masks: readonly Tensor[]): Tensor {
  return stack(tape, masks.map((mask) => mean(tape, mask)));
}

/**
 * The cost of a pass over that of the dense network: (stem + sum_b ((conv1 + conv2) d_b + shortcut + gate)) / full, linear in the
 * open shares d.
 *
 * @param open [blocks] f32.
 * @returns [1] f32.
 */
export function costShare(tape: Recorder, open: Tensor, cost: NetworkCost): Tensor {
  const coefficients = Float32Array.from(cost.blocks, (block) => (block.conv1 + block.conv2) / cost.macs);
  const variable = binary(tape, "multiply", open, Tensor.from(open.device, coefficients, [coefficients.length]));
  return scale(tape, sum(tape, variable, "all"), 1, fixedShare(cost));
}

/** The share of the dense network's cost that no gate can save: stem, shortcuts, and the gates themselves. */
function fixedShare(cost: NetworkCost): number {
  return cost.blocks.reduce((total, block) => total + block.shortcut + block.gate, cost.stem) / cost.macs;
}

/** The open share, the same in every block, at which a pass costs `target` of the dense network; in 0..1. */
export function uniformOpenShare(cost: NetworkCost, target: number): number {
  const fixed = fixedShare(cost);
  const variable = cost.blocks.reduce((total, block) => total + block.conv1 + block.conv2, 0) / cost.macs;
  return Math.min(1, Math.max(0, (target - fixed) / variable));
}
