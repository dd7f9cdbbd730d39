/**
 * Reads the files of a data set, whole or in part.
 *
 * @module
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { InvalidInputError } from "../errors.ts";
import { reasonOf } from "../formats/mod.ts";

/**
 * The bytes of a file.
 *
 * @throws {InvalidInputError} if it may not be read, or cannot.
 */
export function readDataFile(path: string): Uint8Array {
  return withRemedy(path, () => readFileSync(path));
}

/** Bytes that are read of a file at a time. */
const PIECE_BYTES = 1 << 22;

/**
 * The beginning of a file of records, some records at a time, in memory that the next piece takes again.
 *
 * @param count how many records.
 * @param recordBytes bytes of each.
 * @throws {InvalidInputError} if the file may not be read, cannot, or holds fewer records.
 */
export function* readRecords(path: string, count: number, recordBytes: number): Generator<Uint8Array> {
  const together = Math.min(count, Math.max(1, Math.floor(PIECE_BYTES / recordBytes)));
  const memory = new Uint8Array(together * recordBytes);
  const file = withRemedy(path, () => openSync(path, "r"));
  try {
    for (let record = 0; record < count; record += together) {
      const piece = memory.subarray(0, Math.min(together, count - record) * recordBytes);
      withRemedy(path, () => fill(file, piece, path));
      yield piece;
    }
  } finally {
    closeSync(file);
  }
}

function fill(file: number, piece: Uint8Array, path: string): void {
  for (let filled = 0; filled < piece.length;) {
    const read = readSync(file, piece, filled, piece.length - filled, null);
    if (read === 0) {
      throw new InvalidInputError(`${path} became shorter while it was read: start again when nothing writes to it`);
    }
    filled += read;
  }
}

function withRemedy<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    const cause = reasonOf(error);
    throw new InvalidInputError(`${path} cannot be read (${cause}): see to its permissions, or give another file`, {
      cause: error,
    });
  }
}
