/**
 * Where a command's words go: results to stdout, remarks to stderr.
 *
 * @module
 */

import process from "node:process";
import { writeSync } from "node:fs";
import type { FileLock } from "../../src/formats/mod.ts";

/** What a person asked of the output. */
export interface OutputOptions {
  /** One JSON document on stdout in place of tables. */
  readonly json?: boolean | undefined;
  /** No progress and no remarks. */
  readonly quiet?: boolean | undefined;
  /** More remarks, and stacks with errors. */
  readonly verbose?: boolean | undefined;
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}

/** Writes all of a text to a descriptor, however little of it a pipe takes at once. */
function writeAll(descriptor: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
  } catch (error) {
    // A reader that has seen enough, `head` for one, closes its end: that is no failure of the command.
    if (!isBrokenPipe(error)) throw error;
  }
}

/** Writes text to stdout as it is. */
export function writeOut(text: string): void {
  writeAll(1, text);
}

/** Writes a command's result: the document with --json, else the text. */
export function writeResult(options: OutputOptions, document: unknown, text: () => string): void {
  writeAll(1, `${options.json ? JSON.stringify(document, null, 2) : text()}\n`);
}

/** Writes one line for people on stderr, unless they asked for quiet. */
export function remark(options: OutputOptions, line: string): void {
  if (!options.quiet) process.stderr.write(`${line}\n`);
}

/** A line that says what does not hold where there are no locks. */
export function describeNoLocks(path: string, reason: string, consequence: string): string {
  return `${path}: its file system has no locks (${reason}): ${consequence}`;
}

/** Says that a lock does not keep other processes away, if that is so. */
export function remarkNoLocks(options: OutputOptions, { noLocks, locked: { label } }: FileLock): void {
  if (noLocks === null) return;
  remark(options, describeNoLocks(label, noLocks, "see to it that no process on another machine works on it, too"));
}
