/**
 * Colours for people: those of the terminal, or none where it has none or NO_COLOR is set.
 *
 * @module
 */

import process from "node:process";
import picocolors from "picocolors";

/** The few styles that the command line uses; each returns its text unchanged where colours are off. */
export interface Colours {
  /** Headings. */
  readonly bold: (text: string) => string;
  /** What matters less. */
  readonly dim: (text: string) => string;
  /** Good news. */
  readonly green: (text: string) => string;
  /** Bad news. */
  readonly red: (text: string) => string;
}

/** True where `NO_COLOR` is set to anything but nothing (no-color.org). */
function refusesColours(): boolean {
  return (process.env["NO_COLOR"] ?? "") !== "";
}

/** Colours for a stream that is a terminal or not. */
export function coloursFor(stream: { readonly isTTY?: boolean }): Colours {
  return picocolors.createColors(stream.isTTY === true && !refusesColours());
}
