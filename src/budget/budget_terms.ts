/**
 * Input and output of the two rules that hold a run to its budget.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { Tensor } from "../tensor/mod.ts";

/** The input of a rule in one step. */
export interface BudgetOptions {
  /** t, the target share of the dense network's MACs, in (0, 1]. */
  readonly target: number;
  /** p = exp(-alpha epoch): 1 for bounds that meet, falling towards 0 for bounds at 0 and 1. */
  readonly tightness: number;
  /** The price of cost that the controller has set. The published rule does not use it. */
  readonly multiplier: number;
}

/**
 * The price of cost on the device: it changes from step to step, and a recorded step reads it anew. The published rule
 * does not use it.
 */
export interface Price {
  /** The multiplier, [1] f32. */
  readonly multiplier: Tensor;
  /** The price of a cost of exactly the target, [1] f32. */
  readonly ofTarget: Tensor;
}

/** Puts a price on the device. */
export function priceOf(device: Device, { multiplier, target }: Pick<BudgetOptions, "multiplier" | "target">): Price {
  return { multiplier: Tensor.full(device, [1], multiplier), ofTarget: Tensor.full(device, [1], multiplier * target) };
}

/** The weighted terms, and the share that they are computed from, each [1] f32. */
export interface BudgetTerms {
  /** Draws the cost to the target. */
  readonly macs: Tensor;
  /** Keeps each gate from closing or opening for all images and channels. */
  readonly bound: Tensor;
  /** MACs of the pass, with the gates' own, over the dense network's. */
  readonly share: Tensor;
}
