/**
/**
 * Reads the files of a data set, whole, in part, or for a checksum.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { InvalidInputError } from "../errors.ts";
import { fileError } from "./folder_error.ts";

/**
 * The bytes of a file.
 *
 * @throws {InvalidInputError} if it may not be read, or cannot.
 * @throws {TooManyOpenFilesError} if the process may open no further file.
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
    throw fileError(path, error);
  }
}

/** Room for a piece of a file; all files are read into it, as new memory for each would take longer than the reading. */
const piece = new Uint8Array(1 << 20);

/** What a file holds. */
export interface FileContent {
  /** As hexadecimal digits. */
  readonly checksum: string;
  /** The file's size. */
  readonly bytes: number;
}

/** The checksum of a file of any size, which is read a piece at a time. */
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

/** So many files are read at a time: more threads of Deno's own do not make it faster. */
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
 * The SHA-256 of files that fit in memory, computed on several threads.
 *
 * @returns [paths], in their order.
 * @throws {InvalidInputError} if a file cannot be read.
 * @throws {TooManyOpenFilesError} if the process may open no further file.
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
    // If one file cannot be read, the others need not be.
    next = paths.length;
  }
  return contents;
}
