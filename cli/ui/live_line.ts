/**
 * The line at the bottom of a terminal that is drawn again and again: a bar, or what is being done. Other lines go above it.
 *
 * Not cli-progress: it changes the terminal's modes, which a process that is killed leaves behind; it draws by a timer, which does not
 * run while a step computes; and it does not know of lines that are written meanwhile.
 *
 * @module
 */

import process from "node:process";
import { understandsSequences } from "./colours.ts";
import { writeStderr } from "./descriptors.ts";
import { printable } from "./printable.ts";

/** Milliseconds between two drawings of a line. */
const DRAW_INTERVAL = 200;
/** Columns that stay free: a terminal echoes `^C` behind the line, which must not wrap then. */
const FREE_COLUMNS = 3;
/** Columns if the terminal does not say. */
const USUAL_COLUMNS = 80;
/** To the line's beginning, and clear it. */
const CLEAR = "\r\x1b[K";

/** What is drawn now, the same for all of a process: there is one terminal. */
let drawn = "";
let drawnAt = -Infinity;

/** Whether progress is drawn over itself: on a terminal that can, unless quiet is asked for; else it is told in lines. */
export function drawsLive({ quiet }: { readonly quiet?: boolean | undefined }): boolean {
  return quiet !== true && understandsSequences(process.stderr);
}

/** Columns that a live line may fill. */
export function liveColumns(): number {
  // 0 of a pseudo-terminal whose size nobody has set.
  return Math.max(1, (process.stderr.columns || USUAL_COLUMNS) - FREE_COLUMNS);
}

/** Draws the line in place of the one before. */
export function drawLive(line: string): void {
  drawn = printable(line).slice(0, liveColumns());
  drawnAt = performance.now();
  writeStderr(CLEAR + drawn);
}

/** Draws the line, made when it is needed: not more often than an eye follows. */
export function updateLive(line: () => string): void {
  if (performance.now() - drawnAt >= DRAW_INTERVAL) drawLive(line());
}

/** Takes the line away. */
export function clearLive(): void {
  if (drawn !== "") writeStderr(CLEAR);
  drawn = "";
  drawnAt = -Infinity;
}

/** Writes lines that stay, above the live one. */
export function writeAboveLive(lines: string): void {
  writeStderr(drawn === "" ? `${lines}\n` : `${CLEAR}${lines}\n${drawn}`);
}

/**
 * A bar with words behind it, as wide as a live line may be.
 *
 * @param share how far it is, in 0..1.
 * @param details the most important first; those that have no room are left out.
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
