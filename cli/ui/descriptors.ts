/**
 * Writes text to stdout and stderr at once, and says what a failure to do so means: results must arrive, progress need not.
 *
 * @module
 */

import { writeSync } from "node:fs";
import { StorageError } from "../../src/errors.ts";
import { storageError } from "../../src/formats/write_file.ts";

const STDOUT = 1;
const STDERR = 2;
/** Milliseconds between two tries to write to a descriptor that takes nothing at the moment. */
const RETRY_MS = 5;
/** Tries after which a remark is dropped: a reader that stands still must not hold up training. */
const REMARK_TRIES = 20;

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
}

/** Writes all of a text, however little of it the descriptor takes at once. @throws whatever the system refuses it with. */
function writeAll(descriptor: number, text: string, tries: number): void {
  const bytes = new TextEncoder().encode(text);
  let left = tries;
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(descriptor, bytes, written);
      left = tries;
    } catch (error) {
      // A pipe or a terminal that another program made non-blocking, and that is full.
      if (codeOf(error) !== "EAGAIN" || --left <= 0) throw error;
      pause();
    }
  }
}

/**
 * Writes a result to stdout as it is.
 *
 * @throws {StorageError} if it cannot be written. A reader that has seen enough, `head` for one, closes its end: that is no failure.
 */
export function writeStdout(text: string): void {
  try {
    writeAll(STDOUT, text, Infinity);
  } catch (error) {
    if (codeOf(error) === "EPIPE") return;
    const known = storageError("standard output", error);
    if (known instanceof StorageError) throw known;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StorageError(`standard output: cannot be written: ${reason}; give it a file or a reader`, {
      cause: error,
    });
  }
}

/** Writes to stderr as it is. */
export function writeStderr(text: string): void {
  try {
    writeAll(STDERR, text, REMARK_TRIES);
  } catch {
    // The terminal is closed, the reader is gone, the disk under a log is full: a run goes on without being watched, and
    // there is nowhere to say so.
  }
}
