/**
 * Colours of the output: none if the stream is not a terminal, `TERM` is `dumb`, or `NO_COLOR` is set and not empty.
 *
 * @module
 */

import process from "node:process";
import picocolors from "picocolors";
import { printable } from "./printable.ts";

/** The styles of the command line. Each makes its text printable, and adds the style only if colours are on. */
export interface Colours {
  /** Headings. */
  readonly bold: (text: string) => string;
  /** A passed check. */
  readonly green: (text: string) => string;
  /** A failed check. */
  readonly red: (text: string) => string;
}

/** Every styled text. Any other escape sequence comes from a file, and must not reach a terminal. */
const styled = new Set<string>();

/** A styled text with its opening and its closing escape sequence. */
// deno-lint-ignore no-control-regex -- escape sequences begin with a control character
const styledText = /\x1b\[\d+m[^\x1b]*\x1b\[\d+m/g;

/** Whether the stream is a terminal that understands escape sequences. */
export function understandsSequences(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && process.env["TERM"] !== "dumb";
}

/** The rule of no-color.org: an empty `NO_COLOR` does not count. */
function refusesColours(): boolean {
  return (process.env["NO_COLOR"] ?? "") !== "";
}

/** The styles for a stream. */
export function coloursFor(stream: { readonly isTTY?: boolean }): Colours {
  const { bold, green, red } = picocolors.createColors(understandsSequences(stream) && !refusesColours());
  const remembering = (style: (text: string) => string) => (text: string) => {
    const result = style(printable(text));
    styled.add(result);
    return result;
  };
  return { bold: remembering(bold), green: remembering(green), red: remembering(red) };
}

/** Makes a line printable, and keeps only the escape sequences that {@linkcode coloursFor} added. */
export function printableWithStyles(line: string): string {
  let [result, end] = ["", 0];
  for (const { 0: text, index } of line.matchAll(styledText)) {
    if (!styled.has(text)) continue;
    result += printable(line.slice(end, index)) + text;
    end = index + text.length;
  }
  return result + printable(line.slice(end));
}
