/**
 * Groups runs into configurations, and summarises accuracy and cost of each network over the seeds.
 *
 * @module
 */
import type { FeatureAccuracy, NetworkEvaluation } from "../evaluation/mod.ts";
import type { NetworkName } from "../models/mod.ts";
import { targetOf, trainedNetworks } from "../config/network.ts";
import type { Scalar } from "../sweep/mod.ts";
import type { ReportData, ReportRun } from "./report_data.ts";
import { type SeriesName, seriesOf } from "./series.ts";
import { type Spread, spreadOf } from "../sweep/spread.ts";

/** Runs that differ only in their seed. */
export interface Configuration {
  /** The values of the varied options, or the run's name if nothing varies. */
  readonly label: string;
  /** The runs, at least one. */
  readonly runs: readonly [ReportRun, ...ReportRun[]];
  /** The budget in percent of the dense network's cost; null without gates, or with many budgets. */
  readonly target: number | null;
}

/** The results of one network of a configuration over its seeds. Null if no run has been evaluated. */
export interface Outcome {
  /** The configuration of the network. */
  readonly configuration: Configuration;
  /** The network. */
  readonly network: NetworkName;
  /** Series of the network in the figures. */
  readonly series: SeriesName;
  /** Measured cost in percent of the dense network's cost. */
  readonly share: Spread | null;
  /** Number of runs whose gated network missed the budget; 0 for other networks. */
  readonly missed: number;
  /** Measured cost in millions of MACs per image. */
  readonly megaMacs: Spread | null;
  /** Milliseconds per image in the evaluation; null if no evaluation timed the network. */
  readonly milliseconds: Spread | null;
  /** 20-NN accuracy in percent. */
  readonly knn20: Spread | null;
  /** Top-1 accuracy of the linear probe in percent. */
  readonly probe: Spread | null;
  /** Effective rank of the features of images without labels. */
  readonly effectiveRank: Spread | null;
}

/** A kind of accuracy by which the figures compare networks. */
export type Measure = "probe" | "knn20";

/** Names of the accuracies for readers. */
export const measureNames: Readonly<Record<Measure, string>> = {
  probe: "linear probe top-1",
  knn20: "20-NN",
};

/** The accuracy of features by a measure; undefined if they were not evaluated by it. */
export function accuracyBy(measure: Measure, { knn20, linear }: FeatureAccuracy = {}): number | undefined {
  return measure === "probe" ? linear?.top1 : knn20;
}

/** A baseline that a trained network has to beat. */
export interface Floor {
  /** The features that the baseline evaluates. */
  readonly name: "raw pixels" | "untrained dense" | "untrained gated";
  /** Accuracy in percent over all runs. */
  readonly value: Spread;
}

/** A value of an option as text; numbers have at most six significant digits. */
export function formatValue(value: Scalar | undefined): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value);
}

/** The varied options of a run with their values, such as `budget 0.3, lr 0.6`. */
function describeVaried(keys: readonly string[], { varied }: ReportRun): string {
  return keys.filter((key) => varied[key] !== undefined).map((key) => `${key} ${formatValue(varied[key])}`).join(", ");
}

/** Groups runs by the values of the varied options, in the order of their first runs. */
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
    const share = targetOf(config);
    const target = share === null ? null : 100 * share;
    const label = describeVaried(keys, group[0]) || (group.length === 1 ? group[0].name : "all seeds");
    return { label, runs: group, target };
  });
}

/** The evaluations of one network over the seeds of a configuration. Leaves out runs that have not been evaluated. */
export function evaluationsOf({ runs }: Configuration, network: NetworkName): NetworkEvaluation[] {
  return runs.map(({ evaluation }) => evaluation?.networks[network]).filter((found) => found !== undefined);
}

/** The networks of a configuration: those that were trained, evaluated or not, and the slim one if it was evaluated. */
function networksOf(configuration: Configuration): readonly NetworkName[] {
  const trained = trainedNetworks(configuration.runs[0].config.mode);
  return evaluationsOf(configuration, "slim").length === 0 ? trained : [...trained, "slim"];
}

/** The outcomes of every network of the configurations. */
export function outcomesOf(configurations: readonly Configuration[]): Outcome[] {
  return configurations.flatMap((configuration) => {
    const { mode } = configuration.runs[0].config;
    return networksOf(configuration).map((network): Outcome => {
      const found = evaluationsOf(configuration, network);
      return {
        configuration,
        network,
        series: seriesOf(mode, network),
        share: spreadOf(found.map(({ cost }) => 100 * cost.share)),
        missed: network !== "gated" ? 0 : configuration.runs.filter(({ budgetMissed }) => budgetMissed !== null).length,
        megaMacs: spreadOf(found.map(({ cost }) => cost.macs / 1e6)),
        milliseconds: spreadOf(configuration.runs.map(({ speed }) => {
          return speed?.networks.find((timed) => timed.network === network)?.imageMilliseconds;
        })),
        knn20: spreadOf(found.map((features) => accuracyBy("knn20", features))),
        probe: spreadOf(found.map((features) => accuracyBy("probe", features))),
        effectiveRank: spreadOf(found.map(({ effectiveRank }) => effectiveRank)),
      };
    });
  });
}

/** The measure that more networks were evaluated by. Ties go to the probe. */
export function commonMeasure(outcomes: readonly Outcome[]): Measure {
  const evaluatedBy = (measure: Measure) => outcomes.filter((outcome) => outcome[measure] !== null).length;
  return evaluatedBy("probe") >= evaluatedBy("knn20") ? "probe" : "knn20";
}

/** The baselines by a measure. Leaves out a baseline that no evaluation has. */
export function floorsOf(runs: readonly ReportRun[], measure: Measure): Floor[] {
  const references = runs.map(({ evaluation }) => evaluation?.references);
  const read = (features: FeatureAccuracy | undefined) => accuracyBy(measure, features);
  const rows: readonly [Floor["name"], Spread | null][] = [
    ["raw pixels", spreadOf(references.map((found) => read(found?.rawPixels)))],
    ["untrained dense", spreadOf(references.map((found) => read(found?.untrained.dense)))],
    ["untrained gated", spreadOf(references.map((found) => read(found?.untrained.gated)))],
  ];
  return rows.flatMap(([name, value]) => value === null ? [] : [{ name, value }]);
}

/**
 * Whether costs are comparable as shares, because the dense networks of all runs have the same cost to within 0.1 %.
 * Otherwise compare MACs.
 */
export function haveOneDenseCost(runs: readonly ReportRun[]): boolean {
  const costs = runs.flatMap(({ evaluation }) => Object.values(evaluation?.networks ?? {})).map(({ cost }) => {
    return cost.macs / cost.share;
  });
  return Math.max(...costs) <= 1.001 * Math.min(...costs) || costs.length === 0;
}
