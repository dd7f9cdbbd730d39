/**
 * Colours for people: those of the terminal, or none if the stream is no terminal, `TERM` is `dumb` or `NO_COLOR` is set.
 *
 * @module
 */

import process from "node:process";
import picocolors from "picocolors";
import { printable } from "./printable.ts";

/** The few styles that the command line uses; each returns its text, made printable, without a style if colours are off. */
export interface Colours {
  /** Headings. */
  readonly bold: (text: string) => string;
  /** Good news. */
  readonly green: (text: string) => string;
  /** Bad news. */
  readonly red: (text: string) => string;
}

/** Every text that was given a style: no other escape sequence reaches a terminal. */
const styled = new Set<string>();

/** A text in a style, with the sequence that begins it and the sequence that ends it. */
// deno-lint-ignore no-control-regex -- these are the sequences
const styledText = /\x1b\[\d+m[^\x1b]*\x1b\[\d+m/g;

/** Whether a terminal understands escape sequences. */
export function understandsSequences(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && process.env["TERM"] !== "dumb";
}

/** True if `NO_COLOR` is set and not empty (no-color.org). */
function refusesColours(): boolean {
  return (process.env["NO_COLOR"] ?? "") !== "";
}

/** Colours for a stream that is a terminal or not. */
export function coloursFor(stream: { readonly isTTY?: boolean }): Colours {
  const { bold, green, red } = picocolors.createColors(understandsSequences(stream) && !refusesColours());
  const remembering = (style: (text: string) => string) => (text: string) => {
    const result = style(printable(text));
    styled.add(result);
    return result;
  };
  return { bold: remembering(bold), green: remembering(green), red: remembering(red) };
}

/** A line made printable, but for the texts in it that {@linkcode coloursFor} gave a style. */
export function printableWithStyles(line: string): string {
  let [result, end] = ["", 0];
  for (const { 0: text, index } of line.matchAll(styledText)) {
    if (!styled.has(text)) continue;
    result += printable(line.slice(end, index)) + text;
    end = index + text.length;
  }
  return result + printable(line.slice(end));
}
