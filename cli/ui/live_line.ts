/**
 * The live line at the bottom of a terminal, which is redrawn in place: a bar or a remark. Other lines go above it.
 *
 * The package cli-progress does not fit. It changes the terminal's modes, and a killed process leaves them changed; it
 * draws by a timer, which does not run while a step computes; and it does not handle other lines written in between.
 *
 * @module
 */

import process from "node:process";
import { understandsSequences } from "./colours.ts";
import { writeStderr } from "./descriptors.ts";
import { printable } from "./printable.ts";

/** Milliseconds between two drawings of a line. */
const DRAW_INTERVAL = 200;
/** Columns that stay free: a terminal echoes `^C` after the line, which must not wrap. */
const FREE_COLUMNS = 3;
/** Columns of a terminal that does not report its width. */
const USUAL_COLUMNS = 80;
/** Moves to the beginning of the line, and clears it. */
const CLEAR = "\r\x1b[K";

/** The text on the terminal now. Global, because a process has one terminal. */
let drawn = "";
let drawnAt = -Infinity;

/** Whether progress is redrawn in place: stderr is a terminal with escape sequences, and `--quiet` is off. */
export function drawsLive({ quiet }: { readonly quiet?: boolean | undefined }): boolean {
  return quiet !== true && understandsSequences(process.stderr);
}

/** Columns that a live line may fill. */
export function liveColumns(): number {
  // A pseudo-terminal without a size reports 0.
  return Math.max(1, (process.stderr.columns || USUAL_COLUMNS) - FREE_COLUMNS);
}

/** Replaces the live line. */
export function drawLive(line: string): void {
  drawn = printable(line).slice(0, liveColumns());
  drawnAt = performance.now();
  writeStderr(CLEAR + drawn);
}

/** Replaces the live line unless the last drawing is too recent. Calls `line` only to draw. */
export function updateLive(line: () => string): void {
  if (performance.now() - drawnAt >= DRAW_INTERVAL) drawLive(line());
}

/** Removes the live line. */
export function clearLive(): void {
  if (drawn !== "") writeStderr(CLEAR);
  drawn = "";
  drawnAt = -Infinity;
}

/** Writes permanent lines above the live line. */
export function writeAboveLive(lines: string): void {
  writeStderr(drawn === "" ? `${lines}\n` : `${CLEAR}${lines}\n${drawn}`);
}

/**
 * A progress bar followed by words, at most as wide as a live line.
 *
 * @param share progress in 0..1.
 * @param words always shown.
 * @param details shown if there is room, the most important first.
 */
export function barLine(share: number, words: readonly string[], details: readonly string[]): string {
  const columns = liveColumns();
  const size = columns < 100 ? 10 : 24;
  const full = Math.round(Math.min(1, Math.max(0, share)) * size);
  const bar = "█".repeat(full) + "░".repeat(size - full);
  let line = [`${bar} ${Math.floor(100 * share)}%`, ...words].join(" | ");
  let separator = " | ";
  for (const detail of details) {
    if (line.length + separator.length + detail.length > columns) break;
    line += separator + detail;
    separator = ", ";
  }
  return line;
}
