/**
 * Builds the table with the results of every network.
 *
 * @module
 */
import { secondsOfSittings } from "../run/metrics_file.ts";
import { describeTiming } from "../run/speed_file.ts";
import type { Scalar } from "../sweep/mod.ts";
import { spreadOf } from "../sweep/spread.ts";
import type { Markup } from "./markup.ts";
import { formatValue, measureNames, type Outcome } from "./outcomes.ts";
import { formatPoints, type PlainCurves } from "./plain_curve.ts";
import type { ReportData, ReportRun } from "./report_data.ts";
import { type Cell, type Column, columnOf, nothing, spreadCell, tableSection } from "./sortable_table.ts";

function variedCell(value: Scalar | undefined): Cell {
  if (value === null || value === undefined) return nothing;
  return { text: formatValue(value), value: typeof value === "number" ? value : String(value) };
}

function runCell({ configuration: { runs } }: Outcome): Cell {
  const [{ name }] = runs;
  return runs.length === 1 ? { text: name, value: name } : { text: `${runs.length} seeds`, value: runs.length };
}

function targetCell({ configuration: { target }, network }: Outcome): Cell {
  if (network === "dense" || target === null) return nothing;
  return { text: String(Number(target.toFixed(4))), value: target };
}

/**
 * Seconds that a run has trained; null before its first step. A resumed run counts from 0 again, so the time before is
 * known only to within the time between two steps of the sample.
 */
export function trainedSeconds({ steps }: Pick<ReportRun, "steps">): number | null {
  return steps.length === 0 ? null : secondsOfSittings(steps.map(({ time }) => time));
}

/** The cost, with the number of runs that missed their budget. */
function costCell({ configuration: { runs }, share, missed }: Outcome): Cell {
  const { text, value } = spreadCell(share, 2);
  const mark = missed === 0 ? "" : runs.length === 1 ? ", missed" : `, ${missed} of ${runs.length} missed`;
  return { text: text + mark, value };
}

/** A difference of accuracies in points. */
export function pointsCell(points: number | null): Cell {
  return points === null ? nothing : { text: formatPoints(points), value: points };
}

function minutesCell({ configuration: { runs } }: Outcome): Cell {
  const seconds = runs.map(trainedSeconds).filter((value) => value !== null);
  return spreadCell(spreadOf(seconds.map((value) => value / 60)), 1);
}

/** The columns that say which network a row is about: the varied options, the run, and the network. */
export function networkColumns({ keys }: ReportData, outcomes: readonly Outcome[]): Column[] {
  return [
    ...keys.map((key) => {
      return columnOf(key, outcomes, ({ configuration: { runs: [{ varied }] } }) => variedCell(varied[key]));
    }),
    columnOf("run", outcomes, runCell),
    columnOf("network", outcomes, ({ series }) => ({ text: series, value: series })),
  ];
}

function columnsOf(data: ReportData, outcomes: readonly Outcome[], plain: PlainCurves): Column[] {
  const column = (heading: string, cell: (outcome: Outcome) => Cell) => columnOf(heading, outcomes, cell);
  return [
    ...networkColumns(data, outcomes),
    column("target, %", targetCell),
    column("cost, %", costCell),
    column("cost, M MACs", ({ megaMacs }) => spreadCell(megaMacs, 2)),
    ...(timingsOf(data).length === 1 ? [column("ms an image", ({ milliseconds }) => spreadCell(milliseconds, 2))] : []),
    column("20-NN, %", ({ knn20 }) => spreadCell(knn20, 2)),
    column("probe, %", ({ probe }) => spreadCell(probe, 2)),
    ...(outcomes.some(({ effectiveRank }) => effectiveRank !== null)
      ? [column("effective rank", ({ effectiveRank }) => spreadCell(effectiveRank, 2))]
      : []),
    ...(plain.isEmpty ? [] : [column("above plain", (outcome) => pointsCell(plain.above(outcome)))]),
    column("training, min", minutesCell),
  ];
}

/** The devices and settings of the runs' times. Times of several settings do not compare, and are not shown. */
function timingsOf({ runs }: ReportData): readonly string[] {
  return [...new Set(runs.flatMap(({ speed }) => speed === null ? [] : [describeTiming(speed)]))];
}

/** Says on which device the times were measured, or why none are shown. */
function timeNotes(timings: readonly string[]): string[] {
  if (timings.length === 0) return [];
  if (timings.length === 1) {
    return [`Milliseconds were measured on ${timings.join()}, while other runs may have trained.`];
  }
  return [`Milliseconds are left out: runs were evaluated on ${timings.join("; on ")}.`];
}

/** Says what the column "above plain" holds. */
function plainNote({ measure }: PlainCurves): string {
  return `“Above plain” says by how many points of ${
    measureNames[measure]
  } a network exceeds a vanilla network of the ` +
    "same cost and training, which is interpolated between vanilla networks in the logarithm of the cost.";
}

/** Builds the table, with a row for each network of a configuration. */
export function table(data: ReportData, outcomes: readonly Outcome[], plain: PlainCurves): Markup {
  return tableSection({
    name: "table",
    title: "Table",
    notes: [...timeNotes(timingsOf(data)), ...(plain.isEmpty ? [] : [plainNote(plain)])],
    columns: columnsOf(data, outcomes, plain),
  });
}
