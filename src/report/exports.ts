/**
 * Builds the section about runs' exported networks: their sizes and their times.
 *
 * @module
 */
import type { ReportExport } from "./exported_files.ts";
import type { Markup } from "./markup.ts";
import type { ReportData } from "./report_data.ts";
import { type Cell, type Column, columnOf, nothing, tableSection } from "./sortable_table.ts";

/** An exported network, and the run that it came from. */
interface Row extends ReportExport {
  readonly run: string;
}

/** Milliseconds of an image by one thread. */
function timeCell({ benchmark }: Row, engine: string, batch: number): Cell {
  const found = benchmark?.rows.find((row) => row.engine === engine && row.batch === batch && row.threads === 1);
  return found === undefined ? nothing : { text: found.imageMilliseconds.toFixed(2), value: found.imageMilliseconds };
}

function columnsOf(rows: readonly Row[], isSweep: boolean): Column[] {
  const column = (heading: string, cell: (row: Row) => Cell) => columnOf(heading, rows, cell);
  const text = (value: string | undefined): Cell => value === undefined ? nothing : { text: value, value };
  const timed = [
    column("ONNX Runtime, ms, batch 1", (row) => timeCell(row, "ONNX Runtime", 1)),
    column("ONNX Runtime, ms, batch 64", (row) => timeCell(row, "ONNX Runtime", 64)),
    column("sluice, ms, batch 1", (row) => timeCell(row, "sluice", 1)),
    column("sluice, ms, batch 64", (row) => timeCell(row, "sluice", 64)),
    column("processor", ({ benchmark }) => text(benchmark?.processor)),
  ];
  return [
    ...(isSweep ? [column("run", ({ run }) => text(run))] : []),
    column("file", ({ file }) => text(file)),
    column("MB", ({ bytes }) => ({ text: (bytes / 1e6).toFixed(2), value: bytes })),
    ...timed.filter(({ cells }) => cells.some(({ value }) => value !== null)),
  ];
}

/** Builds the section; null if no run has exported a network into its folder. */
export function exportsSection({ kind, runs }: ReportData): Markup | null {
  const rows = runs.flatMap(({ name, exports }) => exports.map((own): Row => ({ run: name, ...own })));
  if (rows.length === 0) return null;
  return tableSection({
    name: "exports",
    title: "Exported networks",
    notes: ["Milliseconds an image by one thread, as sluice bench export measured them; medians."],
    columns: columnsOf(rows, kind === "sweep"),
  });
}
