/**
 * Formats a sweep's estimate, the states of its runs, and its results.
 *
 * @module
 */
import type { ConfigurationSummary, Spread, SweepEstimate, SweepResults, SweepRunState } from "../../src/sweep/mod.ts";
import { formatSpread } from "../../src/sweep/spread.ts";
import { formatSeconds } from "./progress.ts";
import { type Cell, formatTable, mebibytes, signed } from "./tables.ts";

function spread(value: Spread | null, digits: number): string | null {
  return value === null ? null : formatSpread(value, digits);
}

function resultRow(keys: readonly string[], summary: ConfigurationSummary): Cell[] {
  const { varied, network, runs, target, cost, missed, knn20, probeTop1, untrained } = summary;
  const mark = missed === 0 ? "" : missed === runs ? ", missed" : `, ${missed} of ${runs} missed`;
  return [
    ...keys.map((key) => varied[key] === undefined ? null : String(varied[key])),
    network,
    runs,
    target,
    `${spread(cost, 4)}${mark}`,
    spread(knn20, 2),
    spread(probeTop1, 2),
    spread(untrained.knn20, 2),
    spread(untrained.probeTop1, 2),
  ];
}

/** The results: mean and standard deviation over seeds by configuration and network, accuracies in percent. */
export function describeResults(results: SweepResults, summaries: readonly ConfigurationSummary[]): string {
  const { keys, rows, done, planned, failures } = results;
  const [first] = rows;
  const missed = rows.filter(({ budgetMissed }) => budgetMissed !== null).length;
  const counted = [
    ...(missed === 0 ? [] : [`budget missed by more than 0.01: ${missed} of ${done} runs`]),
    ...failures.map(({ run, phase, reason }) => `${run}: ${phase}: ${reason}`),
    `${done} of ${planned} runs done`,
  ].join("\n");
  if (first === undefined) return counted;
  const heads = ["network", "runs", "target", "cost share", "20-NN", "probe", "untrained 20-NN", "untrained probe"];
  const table = formatTable([...keys, ...heads], summaries.map((summary) => resultRow(keys, summary)));
  const raw = [["20-NN", first.rawPixels.knn20] as const, ["probe", first.rawPixels.probeTop1] as const]
    .flatMap(([name, value]) => value === null ? [] : [`${name} ${value.toFixed(2)}`]);
  return `${table}\n\nraw pixels: ${raw.join(", ")}\n${counted}`;
}

/** One line with the time and the disk space that a sweep will need. */
export function describeEstimate(runs: number, left: number, { seconds, bytes }: SweepEstimate): string {
  const time = seconds === null ? "unknown time, because other machines compute" : `about ${formatSeconds(seconds)}`;
  const work = left === runs ? `${runs} runs` : `${runs} runs, ${left} of them not done`;
  return `${work}: ${time}, about ${mebibytes(bytes)} of disk`;
}

/**
 * A table of the runs' states, for `sweep status`.
 *
 * @param cluster the cluster's state of each run by name, or null if no cluster was asked.
 */
export function describeStates(states: readonly SweepRunState[], cluster: ReadonlyMap<string, string> | null): string {
  return formatTable(
    ["run", "state", "step", ...(cluster === null ? [] : ["cluster"]), "why"],
    states.map(({ name, phase, step, steps, budgetMissed, failure }) => [
      name,
      phase,
      steps === null ? null : `${step}/${steps}`,
      ...(cluster === null ? [] : [cluster.get(name)]),
      failure ?? (budgetMissed === null ? null : `budget missed by ${signed(budgetMissed)}`),
    ]),
    "left",
  );
}
