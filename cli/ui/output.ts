/**
 * Where a command's words go: results to stdout, remarks to stderr. All of it is made safe to print here, so that no command can forget.
 *
 * @module
 */

import process from "node:process";
import { printableWithStyles } from "./colours.ts";
import { writeStdout } from "./descriptors.ts";
import { clearLive, drawLive, drawsLive, writeAboveLive } from "./live_line.ts";
import { printable, printableJson } from "./printable.ts";

/** What a person asked of the output. */
export interface OutputOptions {
  /** One JSON document on stdout in place of tables. */
  readonly json?: boolean | undefined;
  /** No progress and no remarks. */
  readonly quiet?: boolean | undefined;
  /** More remarks, and stacks with errors. */
  readonly verbose?: boolean | undefined;
}

/** A result for people: its lines, or a text that has its own line breaks and in which no other text may bring any. */
export type ResultText = string | readonly string[];

/** Writes a result, below which no bar may stay. */
function writeText(text: string): void {
  clearLive();
  writeStdout(text);
}

function writeDocument(document: unknown): void {
  writeText(`${printableJson(JSON.stringify(document, null, 2))}\n`);
}

/** Writes text to stdout, made printable line by line. @throws {StorageError} if it cannot be written. */
export function writeOut(text: string): void {
  writeText(text.split("\n").map(printableWithStyles).join("\n"));
}

/** Writes a command's result: the document with --json, else the text. @throws {StorageError} if it cannot be written. */
export function writeResult(options: OutputOptions, document: unknown, text: () => ResultText): void {
  if (options.json) return writeDocument(document);
  const told = text();
  const lines = typeof told === "string" ? told.split("\n") : told;
  writeText(`${lines.map(printableWithStyles).join("\n")}\n`);
}

/**
 * Writes a result that programs read, a script or a file of options: byte for byte, but for a terminal.
 *
 * @throws {StorageError} if it cannot be written.
 */
export function writeVerbatim(options: OutputOptions, document: unknown, text: () => string): void {
  if (options.json) writeDocument(document);
  else if (process.stdout.isTTY) writeOut(`${text()}\n`);
  else writeText(`${text()}\n`);
}

/** Writes one line for people on stderr, unless they asked for quiet. */
export function remark(options: OutputOptions, line: string): void {
  if (!options.quiet) writeAboveLive(printable(line));
}

/**
 * Says what is being done while nothing else shows: in the live line of a terminal, which the next line to be written takes away.
 *
 * @param elsewhere what to do without such a terminal: write a line, or nothing while the request may still be refused, in one line.
 */
export function announce(options: OutputOptions, line: string, elsewhere: "line" | "nothing"): void {
  if (drawsLive(options)) drawLive(line);
  else if (elsewhere === "line") remark(options, line);
}

/** Writes why a command failed on stderr: a line, and with a stack the lines of it. */
export function writeFailure(text: string): void {
  clearLive();
  writeAboveLive(text.split("\n").map(printable).join("\n"));
}
