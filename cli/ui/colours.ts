/**
 * Styles for text on a terminal: none if the stream is not a terminal, `TERM` is `dumb` or `NO_COLOR` is set.
 *
 * @module
 */

import { bold, green, red } from "@std/fmt/colors";
import process from "node:process";
import { printable } from "./printable.ts";

/** The styles of the command line. Each makes its text printable, and leaves the style out if colours are off. */
export interface Colours {
  /** Headings. */
  readonly bold: (text: string) => string;
  /** A passed check. */
  readonly green: (text: string) => string;
  /** A failed check. */
  readonly red: (text: string) => string;
}

/** Every text that got a style. Only these texts may carry escape sequences to a terminal. */
const styled = new Set<string>();

/** A styled text between its opening and its closing escape sequence. */
// deno-lint-ignore no-control-regex -- escape sequences begin with a control character
const styledText = /\x1b\[\d+m[^\x1b]*\x1b\[\d+m/g;

/** True for a terminal that understands escape sequences. */
export function understandsSequences(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && process.env["TERM"] !== "dumb";
}

/** The rule of no-color.org: an empty `NO_COLOR` does not count. */
function refusesColours(): boolean {
  return (process.env["NO_COLOR"] ?? "") !== "";
}

/** The styles for a stream. Decided at each call: stdout and stderr may differ, and std's own switch is global. */
export function coloursFor(stream: { readonly isTTY?: boolean }): Colours {
  if (!understandsSequences(stream) || refusesColours()) return { bold: printable, green: printable, red: printable };
  const remembering = (style: (text: string) => string) => (text: string) => {
    const result = style(printable(text));
    styled.add(result);
    return result;
  };
  return { bold: remembering(bold), green: remembering(green), red: remembering(red) };
}

/** Makes a line printable, except for the texts in it that {@linkcode coloursFor} gave a style. */
export function printableWithStyles(line: string): string {
  let [result, end] = ["", 0];
  for (const { 0: text, index } of line.matchAll(styledText)) {
    if (!styled.has(text)) continue;
    result += printable(line.slice(end, index)) + text;
    end = index + text.length;
  }
  return result + printable(line.slice(end));
}
