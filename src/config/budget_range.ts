/**
 * Budgets as they are given: one cost, or a range of costs that one run serves.
 *
 * @module
 */
import { z } from "zod";

/** One cost, `any`, or the ends of a range, such as `0.1..0.9`. Costs are shares of the dense network's. */
export type Budget = number | "any" | `${number}..${number}`;

/** The largest cost of `any`: above it, the dense network is worth more. */
const LARGEST = 0.95;

/** The ends of a range. */
export interface BudgetRange {
  /** The smallest cost; null for the smallest that the network has. */
  readonly from: number | null;
  /** The largest cost. */
  readonly to: number;
}

/** The range of a budget; null for one cost. */
export function rangeOf(budget: Budget): BudgetRange | null {
  if (typeof budget === "number") return null;
  if (budget === "any") return { from: null, to: LARGEST };
  const [from = 0, to = 0] = budget.split("..").map(Number);
  return { from, to };
}

/** The cost that most people want first. */
const USUAL = 0.3;

/** The cost that a run's gated network is left at: its budget, or 0.3 or the nearest cost of its range. */
export function usualCost(budget: Budget): number {
  if (typeof budget === "number") return budget;
  const { from, to } = rangeOf(budget) ?? { from: null, to: LARGEST };
  return Math.min(Math.max(USUAL, from ?? 0), to);
}

/** The largest cost of a budget. */
export function largestCost(budget: Budget): number {
  return typeof budget === "number" ? budget : rangeOf(budget)?.to ?? LARGEST;
}

const range = z.templateLiteral([z.number(), "..", z.number()]).refine((text) => {
  const [from = 0, to = 0] = text.split("..").map(Number);
  return 0 < from && from < to && to <= 1;
});

/** Accepts budgets. */
export const budgetSchema: z.ZodType<Budget> = z.union([z.number().gt(0).lte(1), z.literal("any"), range]);
