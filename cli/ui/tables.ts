/**
 * Tables for people, on stdout.
 *
 * @module
 */

import process from "node:process";
import Table from "cli-table3";
import { coloursFor } from "./colours.ts";

/** A cell: text, a number as it is, or nothing to show. */
export type Cell = string | number | null | undefined;

const plainBorders = {
  "top": "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  "bottom": "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  "left": "",
  "left-mid": "",
  "mid": "",
  "mid-mid": "",
  "right": "",
  "right-mid": "",
  "middle": "  ",
};

/**
 * A table as text: a line of headings, one line a row, the first column to the left and the others to the right, or as said.
 *
 * @param rows Cells by column; a cell that is null or undefined is shown as a dash.
 */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  others: "left" | "right" = "right",
): string {
  const colours = coloursFor(process.stdout);
  const table = new Table({
    chars: plainBorders,
    colAligns: headings.map((_, column) => column === 0 ? "left" : others),
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
  });
  table.push(headings.map((heading) => colours.bold(heading)));
  for (const row of rows) table.push(row.map((cell) => cell === null || cell === undefined ? "-" : String(cell)));
  return table.toString().split("\n").map((line) => line.trimEnd()).join("\n");
}

/** A percentage with two digits: accuracies are given in percent. */
export function percent(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${value.toFixed(2)} %`;
}

/** A share in 0..1 with four digits. */
export function share(value: number | null | undefined): string | undefined {
  return value === null || value === undefined ? undefined : value.toFixed(4);
}

/** Multiply-accumulates in millions. */
export function megaMacs(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${(value / 1e6).toFixed(2)} M`;
}

/** Bytes in mebibytes. */
export function mebibytes(value: number): string {
  return `${(value / 2 ** 20).toFixed(1)} MiB`;
}
