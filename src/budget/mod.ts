/**
 * The compute budget.
 *
 * @module
 */
export * from "./paper_rule.ts";
