/**
 * Writes a command's results to stdout and its remarks to stderr, and makes both safe to print, so that no command can
 * forget to.
 *
 * @module
 */

import process from "node:process";
import { printableWithStyles } from "./colours.ts";
import { writeStdout } from "./descriptors.ts";
import { clearLive, drawLive, drawsLive, writeAboveLive } from "./live_line.ts";
import { printable, printableJson } from "./printable.ts";

/** The flags that decide what a command prints. */
export interface OutputOptions {
  /** One JSON document on stdout instead of tables. */
  readonly json?: boolean | undefined;
  /** No progress and no remarks. */
  readonly quiet?: boolean | undefined;
  /** More remarks, and the stack of an error. */
  readonly verbose?: boolean | undefined;
}

/** A result for people: a list of lines, or one text whose line breaks are all intended. */
export type ResultText = string | readonly string[];

/** Writes a result after removing the live line, which would stay below it. */
function writeText(text: string): void {
  clearLive();
  writeStdout(text);
}

function writeDocument(document: unknown): void {
  writeText(`${printableJson(JSON.stringify(document, null, 2))}\n`);
}

/** Makes a text printable line by line, and writes it to stdout. @throws {StorageError} if it cannot be written. */
export function writeOut(text: string): void {
  writeText(text.split("\n").map(printableWithStyles).join("\n"));
}

/**
 * Writes a command's result: the document with `--json`, else the text.
 *
 * @throws {StorageError} if it cannot be written.
 */
export function writeResult(options: OutputOptions, document: unknown, text: () => ResultText): void {
  if (options.json) return writeDocument(document);
  const result = text();
  const lines = typeof result === "string" ? result.split("\n") : result;
  writeText(`${lines.map(printableWithStyles).join("\n")}\n`);
}

/**
 * Writes a result that programs read, such as a script or an options file, byte for byte. On a terminal it is made
 * printable.
 *
 * @throws {StorageError} if it cannot be written.
 */
export function writeVerbatim(options: OutputOptions, document: unknown, text: () => string): void {
  if (options.json) writeDocument(document);
  else if (process.stdout.isTTY) writeOut(`${text()}\n`);
  else writeText(`${text()}\n`);
}

/** Writes one line to stderr unless `--quiet` is on. */
export function remark(options: OutputOptions, line: string): void {
  if (!options.quiet) writeAboveLive(printable(line));
}

/**
 * Shows a long preparation in the live line, until something else is written.
 *
 * @param elsewhere without a live line, `line` writes a remark. `nothing` is for a request that may still be refused: a
 * refusal is one line on stderr.
 */
export function announce(options: OutputOptions, line: string, elsewhere: "line" | "nothing"): void {
  if (drawsLive(options)) drawLive(line);
  else if (elsewhere === "line") remark(options, line);
}

/** Writes the reason of a failure to stderr, in spite of `--quiet`: one line, and the stack's lines if there is one. */
export function writeFailure(text: string): void {
  clearLive();
  writeAboveLive(text.split("\n").map(printable).join("\n"));
}
