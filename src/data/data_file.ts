/**
 * Reads the files of a data set: whole, record by record, or for a checksum.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { InvalidInputError } from "../errors.ts";
import { fileError } from "./folder_error.ts";

/**
 * Reads a whole file.
 *
 * @throws {InvalidInputError} if it cannot be read.
 * @throws {TooManyOpenFilesError} if the process has too many open files.
 */
export function readDataFile(path: string): Uint8Array {
  return withRemedy(path, () => readFileSync(path));
}

/** Bytes of records to read at a time. */
const PIECE_BYTES = 1 << 22;

/**
 * Reads the first records of a file, several at a time. Each piece is only valid until the next, which reuses its
 * memory.
 *
 * @param count number of records to read.
 * @param recordBytes size of a record.
 * @throws {InvalidInputError} if the file cannot be read or has fewer records.
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
      throw new InvalidInputError(`${path} became shorter while it was read: start again when no program writes to it`);
    }
    filled += read;
  }
}

function withRemedy<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    throw fileError(path, error);
  }
}

/** Buffer for a piece of a file. All files share it, since allocating a buffer for each takes longer than reading. */
const piece = new Uint8Array(1 << 20);

/** The checksum and size of a file. */
export interface FileContent {
  /** Hexadecimal digits. */
  readonly checksum: string;
  /** The file's size in bytes. */
  readonly bytes: number;
}

/** Computes the checksum of a file of any size, reading a piece at a time. */
export function checksumOf(algorithm: "md5" | "sha256", path: string): FileContent {
  const hash = createHash(algorithm);
  let bytes = 0;
  const file = openSync(path, "r");
  try {
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      hash.update(piece.subarray(0, read));
      bytes += read;
    }
  } finally {
    closeSync(file);
  }
  return { checksum: hash.digest("hex"), bytes };
}

/** Files to read at a time. More of Deno's threads do not make it faster. */
const READ_AT_ONCE = 8;

async function contentOf(path: string): Promise<FileContent> {
  try {
    const content = await Deno.readFile(path);
    const digest = await crypto.subtle.digest("SHA-256", content);
    return { checksum: Buffer.from(digest).toString("hex"), bytes: content.length };
  } catch (error) {
    throw fileError(path, error);
  }
}

/**
 * Computes the SHA-256 of files on several threads. Each file must fit in memory.
 *
 * @returns [paths], in the order of `paths`.
 * @throws {InvalidInputError} if a file cannot be read.
 * @throws {TooManyOpenFilesError} if the process has too many open files.
 */
export async function checksumsOf(paths: readonly string[]): Promise<readonly FileContent[]> {
  const contents: FileContent[] = new Array(paths.length);
  let next = 0;
  const work = async () => {
    while (next < paths.length) {
      const index = next++;
      contents[index] = await contentOf(paths[index] ?? "");
    }
  };
  try {
    await Promise.all(Array.from({ length: READ_AT_ONCE }, work));
  } finally {
    // If a file cannot be read, the other workers need not go on.
    next = paths.length;
  }
  return contents;
}
