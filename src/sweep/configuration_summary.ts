/**
 * Summarises a sweep's results by configuration: mean and standard deviation over seeds.
 *
 * @module
 */
import type { Pass } from "../models/mod.ts";
import type { Accuracies, ResultRow, SweepResults } from "./results.ts";
import type { Scalar } from "./spec.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** The results of one network of a configuration over its seeds. */
export interface ConfigurationSummary {
  /** The varied options by kebab-case key, without the seed. */
  readonly varied: Readonly<Record<string, Scalar>>;
  /** The network. */
  readonly network: Pass;
  /** Number of runs that are done. */
  readonly runs: number;
  /** The budget; null for a network without gates. */
  readonly target: number | null;
  /** Measured share of the dense network's MACs. */
  readonly cost: Spread;
  /** Number of runs that missed the budget. */
  readonly missed: number;
  /** 20-NN accuracy in percent. */
  readonly knn20: Spread | null;
  /** Top-1 accuracy of the linear probe in percent. */
  readonly probeTop1: Spread | null;
  /** Accuracies of the same networks before training. */
  readonly untrained: { readonly knn20: Spread | null; readonly probeTop1: Spread | null };
}

function spreads(accuracies: readonly Accuracies[]): Pick<ConfigurationSummary, "knn20" | "probeTop1"> {
  return {
    knn20: spreadOf(accuracies.map(({ knn20 }) => knn20)),
    probeTop1: spreadOf(accuracies.map(({ probeTop1 }) => probeTop1)),
  };
}

/** Groups rows by varied options and network, in the order of their first rows. */
export function summarise({ rows }: Pick<SweepResults, "rows">): ConfigurationSummary[] {
  const groups = Map.groupBy(rows, ({ varied, network }) => JSON.stringify([varied, network]));
  return [...groups.values()].flatMap((group: ResultRow[]) => {
    const [first] = group;
    const cost = spreadOf(group.map((row) => row.cost));
    if (first === undefined || cost === null) return [];
    const { varied, network, target } = first;
    const untrained = spreads(group.map((row) => row.untrained));
    const missed = group.filter(({ budgetMissed }) => budgetMissed !== null).length;
    return [{ varied, network, runs: group.length, target, cost, missed, ...spreads(group), untrained }];
  });
}
