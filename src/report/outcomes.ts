/**
 * What runs come to: configurations with their seeds, and what each network of them is worth and costs.
 *
 * @module
 */
import type { FeatureAccuracy, NetworkEvaluation } from "../evaluation/mod.ts";
import type { Pass } from "../models/mod.ts";
import { trainedNetworks } from "../config/network.ts";
import type { Scalar } from "../sweep/mod.ts";
import type { ReportData, ReportRun } from "./report_data.ts";
import { type SeriesName, seriesOf } from "./series.ts";
import { type Spread, spreadOf } from "../sweep/spread.ts";

/** Runs that differ in their seed alone. */
export interface Configuration {
  /** What tells it from the report's other ones, in words. */
  readonly label: string;
  /** Its runs, one or more. */
  readonly runs: readonly [ReportRun, ...ReportRun[]];
  /** The budget asked for in percent of the dense network's cost; null without gates. */
  readonly target: number | null;
}

/** One network of a configuration over its seeds. */
export interface Outcome {
  /** Whose it is. */
  readonly configuration: Configuration;
  /** Which of the run's networks. */
  readonly network: Pass;
  /** What it is compared as. */
  readonly series: SeriesName;
  /** Measured cost in percent of the dense network's. */
  readonly share: Spread | null;
  /** Runs of the configuration whose gated network missed the budget; 0 of a dense one. */
  readonly missed: number;
  /** Measured cost in millions of MACs for one image. */
  readonly megaMacs: Spread | null;
  /** 20-NN accuracy in percent. */
  readonly knn20: Spread | null;
  /** Top-1 accuracy of the linear probe in percent. */
  readonly probe: Spread | null;
}

/** The accuracies that networks may be compared by. */
export type Measure = "probe" | "knn20";

/** What the accuracies are called. */
export const measureNames: Readonly<Record<Measure, string>> = {
  probe: "linear probe top-1",
  knn20: "20-NN",
};

/** What an accuracy has to clear. */
export interface Floor {
  /** What is judged in the networks' place. */
  readonly name: "raw pixels" | "untrained dense" | "untrained gated";
  /** Its accuracy in percent over all runs. */
  readonly value: Spread;
}

/** A value of an option in words, numbers to six digits. */
export function formatValue(value: Scalar | undefined): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value);
}

/** The varied options that a run has, with their values. */
function describeVaried(keys: readonly string[], { varied }: ReportRun): string {
  return keys.filter((key) => varied[key] !== undefined).map((key) => `${key} ${formatValue(varied[key])}`).join(", ");
}

/** The configurations in the order of their first runs. */
export function configurationsOf({ keys, runs }: ReportData): Configuration[] {
  const groups = new Map<string, [ReportRun, ...ReportRun[]]>();
  for (const run of runs) {
    const key = JSON.stringify(keys.map((name) => run.varied[name] ?? null));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  return [...groups.values()].map((group) => {
    const [{ config }] = group;
    const target = config.mode === "vanilla" ? null : 100 * config.budget;
    const label = describeVaried(keys, group[0]) || (group.length === 1 ? group[0].name : "all seeds");
    return { label, runs: group, target };
  });
}

/** One network's evaluations over the seeds of a configuration, of those that have been evaluated. */
export function evaluationsOf({ runs }: Configuration, network: Pass): NetworkEvaluation[] {
  return runs.map(({ evaluation }) => evaluation?.networks[network]).filter((found) => found !== undefined);
}

/** What every network of the configurations is worth and costs, evaluated or not. */
export function outcomesOf(configurations: readonly Configuration[]): Outcome[] {
  return configurations.flatMap((configuration) => {
    const { mode } = configuration.runs[0].config;
    return trainedNetworks(mode).map((network): Outcome => {
      const found = evaluationsOf(configuration, network);
      return {
        configuration,
        network,
        series: seriesOf(mode, network),
        share: spreadOf(found.map(({ cost }) => 100 * cost.share)),
        missed: network === "dense" ? 0 : configuration.runs.filter(({ budgetMissed }) => budgetMissed !== null).length,
        megaMacs: spreadOf(found.map(({ cost }) => cost.macs / 1e6)),
        knn20: spreadOf(found.map(({ knn20 }) => knn20)),
        probe: spreadOf(found.map(({ linear }) => linear?.top1)),
      };
    });
  });
}

/** The measure that more networks were judged by, which is the probe where as many were. */
export function commonMeasure(outcomes: readonly Outcome[]): Measure {
  const judgedBy = (measure: Measure) => outcomes.filter((outcome) => outcome[measure] !== null).length;
  return judgedBy("probe") >= judgedBy("knn20") ? "probe" : "knn20";
}

/** What the measure says of references, as far as the evaluations have them. */
export function floorsOf(runs: readonly ReportRun[], measure: Measure): Floor[] {
  const references = runs.map(({ evaluation }) => evaluation?.references);
  const read = (of: FeatureAccuracy | undefined) => measure === "probe" ? of?.linear?.top1 : of?.knn20;
  const rows: readonly [Floor["name"], Spread | null][] = [
    ["raw pixels", spreadOf(references.map((found) => read(found?.rawPixels)))],
    ["untrained dense", spreadOf(references.map((found) => read(found?.untrained.dense)))],
    ["untrained gated", spreadOf(references.map((found) => read(found?.untrained.gated)))],
  ];
  return rows.flatMap(([name, value]) => value === null ? [] : [{ name, value }]);
}

/**
 * Whether costs may be compared as shares: whether all runs have a dense network of the same cost. Otherwise MACs themselves are
 * to be compared.
 */
export function haveOneDenseCost(runs: readonly ReportRun[]): boolean {
  const costs = runs.flatMap(({ evaluation }) => Object.values(evaluation?.networks ?? {})).map(({ cost }) => {
    return cost.macs / cost.share;
  });
  return Math.max(...costs) <= 1.001 * Math.min(...costs) || costs.length === 0;
}
