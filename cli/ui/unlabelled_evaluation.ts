/**
 * Formats what is known of networks without labels.
 *
 * @module
 */
import type { NetworkEvaluation } from "../../src/evaluation/mod.ts";
import type { Evaluation } from "../../src/run/evaluation_file.ts";
import { markedShare } from "./missed_budget.ts";
import { type Cell, formatTable, megaMacs } from "./tables.ts";

/** Whether an evaluation has been made without labels. */
export function isUnlabelled({ networks }: Evaluation): boolean {
  return Object.values(networks).every(({ knn20, linear }) => knn20 === undefined && linear === undefined);
}

function toRow(name: string, { effectiveRank, cost }: NetworkEvaluation, missed: number | null = null): Cell[] {
  return [name, effectiveRank?.toFixed(2), megaMacs(cost.macs), markedShare(cost.share, missed)];
}

/** The networks with effective rank and cost, and what the rank means. */
export function formatUnlabelled({ networks, budgets = [], references, budgetMissed }: Evaluation): string {
  const table = formatTable(["network", "effective rank", "MACs", "cost share"], [
    ...Object.entries(networks).map(([name, network]) => toRow(name, network, name === "gated" ? budgetMissed : null)),
    ...budgets.map((judged) => toRow(`gated at ${judged.budget}`, judged)),
    ...Object.entries(references.untrained).map(([name, network]) => toRow(`untrained ${name}`, network)),
  ]);
  return `${table}\nno labelled test images, so no accuracies; effective rank: in how many directions features vary`;
}
