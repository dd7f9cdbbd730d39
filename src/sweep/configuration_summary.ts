/**
 * A sweep's results by configuration: mean and standard deviation over seeds.
 *
 * @module
 */
import type { Pass } from "../models/mod.ts";
import type { Accuracies, ResultRow, SweepResults } from "./results.ts";
import type { Scalar } from "./spec.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** One network of one configuration, over its seeds. */
export interface ConfigurationSummary {
  /** What varies over the sweep; the seed is not among it. */
  readonly varied: Readonly<Record<string, Scalar>>;
  /** Which network. */
  readonly network: Pass;
  /** Runs that are done. */
  readonly runs: number;
  /** The budget asked for; null of a network without gates. */
  readonly target: number | null;
  /** Measured share of the dense network's MACs. */
  readonly cost: Spread;
  /** Runs whose cost missed the budget. */
  readonly missed: number;
  /** 20-NN, in percent. */
  readonly knn20: Spread | null;
  /** Linear probe, in percent. */
  readonly probeTop1: Spread | null;
  /** The same networks untrained. */
  readonly untrained: { readonly knn20: Spread | null; readonly probeTop1: Spread | null };
}

function spreads(accuracies: readonly Accuracies[]): Pick<ConfigurationSummary, "knn20" | "probeTop1"> {
  return {
    knn20: spreadOf(accuracies.map(({ knn20 }) => knn20)),
    probeTop1: spreadOf(accuracies.map(({ probeTop1 }) => probeTop1)),
  };
}

/** Summarises rows by what varies and by network, in the order in which each first comes. */
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
