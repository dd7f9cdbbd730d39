/**
 * What the rules have in common that hold a run to its budget.
 *
 * @module
 */
import type { Tensor } from "../tensor/mod.ts";

/** What a rule is told in a step. */
export interface BudgetOptions {
  /** t, the target share of the dense network's MACs, in (0, 1]. */
  readonly target: number;
  /** p = exp(-alpha * epoch): how tightly the bounds hold, 1 at first, loosening towards 0. */
  readonly tightness: number;
  /** The price of cost, as a controller sets it; the published rule has none. */
  readonly multiplier: number;
}

/** The terms, weighted, and the share they were computed from, each [1] f32. */
export interface BudgetTerms {
  /** What draws the cost to the target. */
  readonly macs: Tensor;
  /** What keeps each gate from closing or opening altogether. */
  readonly bound: Tensor;
  /** MACs of the pass, gates included, over those of the dense network. */
  readonly share: Tensor;
}
