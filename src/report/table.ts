/**
 * Builds the table with the results of every network.
 *
 * @module
 */
import { secondsOfSittings } from "../run/metrics_file.ts";
import { type Markup, markup } from "./markup.ts";
import { formatValue, type Outcome } from "./outcomes.ts";
import type { Scalar } from "../sweep/mod.ts";
import type { ReportData, ReportRun } from "./report_data.ts";
import { formatSpread, type Spread, spreadOf } from "../sweep/spread.ts";

/** A cell: its text, and the value to sort by, which is null for an empty cell. */
interface Cell {
  readonly text: string;
  readonly value: string | number | null;
}

interface Column {
  readonly heading: string;
  readonly cells: readonly Cell[];
  /** Whether every value is a number. Numbers are aligned right. */
  readonly isNumeric: boolean;
}

const nothing: Cell = { text: "–", value: null };

function spreadCell(spread: Spread | null, digits: number): Cell {
  return spread === null ? nothing : { text: formatSpread(spread, digits), value: spread.mean };
}

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

function minutesCell({ configuration: { runs } }: Outcome): Cell {
  const seconds = runs.map(trainedSeconds).filter((value) => value !== null);
  return spreadCell(spreadOf(seconds.map((value) => value / 60)), 1);
}

function columnsOf({ keys }: ReportData, outcomes: readonly Outcome[]): Column[] {
  const column = (heading: string, cell: (outcome: Outcome) => Cell): Column => {
    const cells = outcomes.map(cell);
    const values = cells.map(({ value }) => value).filter((value) => value !== null);
    return { heading, cells, isNumeric: values.length > 0 && values.every((value) => typeof value === "number") };
  };
  return [
    ...keys.map((key) => column(key, ({ configuration: { runs: [{ varied }] } }) => variedCell(varied[key]))),
    column("run", runCell),
    column("network", ({ series }) => ({ text: series, value: series })),
    column("target, %", targetCell),
    column("cost, %", costCell),
    column("cost, M MACs", ({ megaMacs }) => spreadCell(megaMacs, 2)),
    column("20-NN, %", ({ knn20 }) => spreadCell(knn20, 2)),
    column("probe, %", ({ probe }) => spreadCell(probe, 2)),
    column("training, min", minutesCell),
  ];
}

function classOf({ isNumeric }: Column): Markup | null {
  return isNumeric ? markup` class="number"` : null;
}

function headingCell(column: Column): Markup {
  return markup`<th scope="col"${classOf(column)}><button type="button">${column.heading}</button></th>`;
}

function bodyCell(column: Column, row: number): Markup {
  const { text, value } = column.cells[row] ?? nothing;
  const sorted = value === null || value === text ? null : markup` data-value="${value}"`;
  return markup`<td${classOf(column)}${sorted}>${text}</td>`;
}

/** Builds the table, with a row for each network of a configuration. */
export function table(data: ReportData, outcomes: readonly Outcome[]): Markup {
  const columns = columnsOf(data, outcomes);
  const rows = outcomes.map((_, row) =>
    markup`
        <tr>${columns.map((column) => bodyCell(column, row))}</tr>`
  );
  return markup`
  <section aria-labelledby="table-title">
    <h2 id="table-title">Table</h2>
    <p>Press a heading to sort by it, and again to reverse the order.</p>
    <div class="scroll" role="region" aria-labelledby="table-title" tabindex="0">
      <table class="sortable">
        <thead><tr>${columns.map(headingCell)}</tr></thead>
        <tbody>${rows}
        </tbody>
      </table>
    </div>
  </section>`;
}
