/**
 * Writes text to stdout and stderr without buffering. A lost result is an error; a lost remark is not.
 *
 * @module
 */

import { writeSync } from "node:fs";
import { StorageError } from "../../src/errors.ts";
import { storageError } from "../../src/formats/system_errors.ts";

const STDOUT = 1;
const STDERR = 2;
/** Milliseconds between two tries to write to a full pipe. */
const RETRY_MS = 5;
/** Tries after which a remark is dropped: a reader that does not read must not stop training. */
const REMARK_TRIES = 20;

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
}

/** Writes a whole text in as many calls as the descriptor needs. @throws the system's error if it refuses the text. */
function writeAll(descriptor: number, text: string, tries: number): void {
  const bytes = new TextEncoder().encode(text);
  let left = tries;
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(descriptor, bytes, written);
      left = tries;
    } catch (error) {
      // EAGAIN: another program made the pipe or terminal non-blocking, and it is full.
      if (codeOf(error) !== "EAGAIN" || --left <= 0) throw error;
      pause();
    }
  }
}

/**
 * Writes a result to stdout, unchanged. A reader such as `head` may close its end early; that is not an error.
 *
 * @throws {StorageError} if the text cannot be written.
 */
export function writeStdout(text: string): void {
  try {
    writeAll(STDOUT, text, Infinity);
  } catch (error) {
    if (codeOf(error) === "EPIPE") return;
    const known = storageError("standard output", error);
    if (known instanceof StorageError) throw known;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StorageError(`standard output: cannot be written: ${reason}; connect it to a file or a reader`, {
      cause: error,
    });
  }
}

/** Writes a remark to stderr, unchanged. */
export function writeStderr(text: string): void {
  try {
    writeAll(STDERR, text, REMARK_TRIES);
  } catch {
    // The terminal is closed, the reader is gone or the disk is full. The run continues, and there is nowhere to say
    // so.
  }
}
