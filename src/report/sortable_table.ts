/**
 * Builds tables whose headings sort the rows.
 *
 * @module
 */
import { formatSpread, type Spread } from "../sweep/spread.ts";
import { type Markup, markup } from "./markup.ts";

/** A cell of a table. */
export interface Cell {
  /** Text of the cell. */
  readonly text: string;
  /** The value to sort by; null for an empty cell. */
  readonly value: string | number | null;
  /** Whether the text is printed in bold. */
  readonly isBold?: boolean;
}

/** A column of a table. */
export interface Column {
  /** Text of the button that sorts by this column. */
  readonly heading: string;
  /** The cells from top to bottom. */
  readonly cells: readonly Cell[];
  /** Whether every value is a number. Numbers are aligned right. */
  readonly isNumeric: boolean;
}

/** An empty cell. */
export const nothing: Cell = { text: "–", value: null };

/** A mean with its deviation. Sorts by the mean. */
export function spreadCell(spread: Spread | null, digits: number): Cell {
  return spread === null ? nothing : { text: formatSpread(spread, digits), value: spread.mean };
}

/** Makes a column with a cell for each row. */
export function columnOf<Row>(heading: string, rows: readonly Row[], cell: (row: Row) => Cell): Column {
  const cells = rows.map(cell);
  const values = cells.map(({ value }) => value).filter((value) => value !== null);
  return { heading, cells, isNumeric: values.length > 0 && values.every((value) => typeof value === "number") };
}

function classOf({ isNumeric }: Column): Markup | null {
  return isNumeric ? markup` class="number"` : null;
}

function headingCell(column: Column): Markup {
  return markup`<th scope="col"${classOf(column)}><button type="button">${column.heading}</button></th>`;
}

function bodyCell(column: Column, row: number): Markup {
  const { text, value, isBold = false } = column.cells[row] ?? nothing;
  const sorted = value === null || value === text ? null : markup` data-value="${value}"`;
  return markup`<td${classOf(column)}${sorted}>${isBold ? markup`<strong>${text}</strong>` : text}</td>`;
}

/** A section of the page that holds a table. */
export interface TableSection {
  /** Name of the section, unique in the page: a prefix of HTML ids. */
  readonly name: string;
  /** Heading of the section. */
  readonly title: string;
  /** Sentences above the table. */
  readonly notes: readonly string[];
  /** The columns, at least one, all of the same length. */
  readonly columns: readonly Column[];
}

/** Builds a section with a table that a reader sorts and scrolls by mouse or keyboard. */
export function tableSection({ name, title, notes, columns }: TableSection): Markup {
  const rows = (columns[0]?.cells ?? []).map((_, row) =>
    markup`
        <tr>${columns.map((column) => bodyCell(column, row))}</tr>`
  );
  return markup`
  <section aria-labelledby="${name}-title">
    <h2 id="${name}-title">${title}</h2>
    <p>${["Press a heading to sort by it, and again to reverse the order.", ...notes].join(" ")}</p>
    <div class="scroll" role="region" aria-labelledby="${name}-title" tabindex="0">
      <table class="sortable">
        <thead><tr>${columns.map(headingCell)}</tr></thead>
        <tbody>${rows}
        </tbody>
      </table>
    </div>
  </section>`;
}
