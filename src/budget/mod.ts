/**
 * The compute budget: what gated passes cost, and the rules that bring the cost to a target.
 *
 * @module
 */
export * from "./bounds.ts";
export * from "./budget_terms.ts";
export * from "./controlled_rule.ts";
export * from "./controller.ts";
export * from "./missed_budget.ts";
export * from "./paper_rule.ts";
export * from "./share.ts";
