/**
 * Formats tables for stdout, and the numbers in them.
 *
 * @module
 */

import process from "node:process";
import Table from "cli-table3";
import { coloursFor, printableWithStyles } from "./colours.ts";

/** A cell: text, a number, or null or undefined for an empty one. */
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

/** The smallest whole number that is written in groups of three digits. */
const GROUPED_FROM = 10_000;

/** A number as text, a large whole number in groups: `11,173,962`. */
export function grouped(value: number): string {
  if (!Number.isInteger(value) || Math.abs(value) < GROUPED_FROM) return String(value);
  return value.toLocaleString("en-GB");
}

/** A cell as one line of printable text; styles from {@linkcode coloursFor} stay. */
function formatCell(cell: Cell): string {
  if (cell === null || cell === undefined) return "-";
  return typeof cell === "number" ? grouped(cell) : printableWithStyles(cell);
}

/**
 * A table as text: a line of headings, then a line for each row. The first column is aligned left.
 *
 * @param rows cells by column. A null or undefined cell becomes a dash, a number is written by {@linkcode grouped}.
 * @param others alignment of the other columns.
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
  for (const row of rows) table.push(row.map(formatCell));
  return table.toString().split("\n").map((line) => line.trimEnd()).join("\n");
}

/** A percentage with two decimals. The value is in percent already. */
export function percent(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${value.toFixed(2)} %`;
}

/** A share in 0..1 with four decimals. */
export function share(value: number | null | undefined): string | undefined {
  return value === null || value === undefined ? undefined : value.toFixed(4);
}

/** A number with its sign and four digits: `+0.2730`. */
export function signed(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(4)}`;
}

/** Multiply-accumulates in millions. */
export function megaMacs(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${(value / 1e6).toFixed(2)} M`;
}

/** Bytes in mebibytes. */
export function mebibytes(value: number): string {
  // std's format changes the unit from row to row, writes kiB for KiB, and rounds 1500 MiB to 1.46 GiB.
  return `${(value / 2 ** 20).toFixed(1)} MiB`;
}
