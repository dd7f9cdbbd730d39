/**
 * The compute budget.
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
