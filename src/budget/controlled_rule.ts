/**
 * The budget terms of the default rule: a price on cost, which a controller moves, and bounds that agree with the
 * target.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { NetworkCost } from "../models/mod.ts";
import { binary } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import { boundPenalty } from "./bounds.ts";
import type { BudgetOptions, BudgetTerms, Price } from "./budget_terms.ts";
import { costShare, openness, uniformOpenShare } from "./share.ts";

/** Weight of the bounds, as published. */
const BOUND_WEIGHT = 1;

/**
 * The terms of one gated pass: macs = multiplier (share - t), and the bounds.
 *
 * macs is linear in the cost, so that the controller's price alone decides how strongly it draws. The bounds start at
 * the open share at which all gates together cost t. The published sqrt(t) would pull against the target.
 *
 * @param masks one tensor for each gate of `cost`, [N, C] f32 of 0 and 1.
 */
export function controlledBudgetTerms(
  tape: Recorder,
  masks: readonly Tensor[],
  cost: NetworkCost,
  { target, tightness }: Omit<BudgetOptions, "multiplier">,
  { multiplier, ofTarget }: Price,
): BudgetTerms {
  const open = openness(tape, masks, cost);
  const share = costShare(tape, open.terms, cost);
  const macs = binary(tape, "subtract", binary(tape, "multiply", share, multiplier), ofTarget);
  const bound = boundPenalty(tape, open.gates, {
    openShare: uniformOpenShare(cost, target),
    tightness,
    weight: BOUND_WEIGHT,
  });
  return { macs, bound, share };
}
