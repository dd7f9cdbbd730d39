/**
 * The budget terms as published: a squared distance to the target share, and bounds on every gate's open share.
 *
 * Krishna et al. 2023, after DGNet (Li et al., ICCV 2021).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { NetworkCost } from "../models/mod.ts";
import { scale, unary } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import { boundPenalty } from "./bounds.ts";
import type { BudgetOptions, BudgetTerms } from "./budget_terms.ts";
import { costShare, openness } from "./share.ts";

/** lambda, the weight of the squared distance to the target. */
const MACS_WEIGHT = 5;
/** gamma, the weight of the bounds. */
const BOUND_WEIGHT = 1;

/**
 * The terms of one gated pass: macs = 5 (share - t)^2, and bounds that start at s = sqrt(t). The root is from DGNet,
 * where a spatial and a channel gate multiply.
 *
 * @param masks one tensor for each gate of `cost`, [N, C] f32 of 0 and 1.
 */
export function paperBudgetTerms(
  tape: Recorder,
  masks: readonly Tensor[],
  cost: NetworkCost,
  { target, tightness }: Omit<BudgetOptions, "multiplier">,
): BudgetTerms {
  const open = openness(tape, masks, cost);
  const share = costShare(tape, open.terms, cost);
  const macs = scale(tape, unary(tape, "square", scale(tape, share, 1, -target)), MACS_WEIGHT);
  const bound = boundPenalty(tape, open.gates, { openShare: Math.sqrt(target), tightness, weight: BOUND_WEIGHT });
  return { macs, bound, share };
}
