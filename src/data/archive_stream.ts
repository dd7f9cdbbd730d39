/**
 * Reads tar archives, with or without gzip, piece by piece and up to a size limit.
 *
 * The package `tar` is imported on use: it reads environment variables when it loads, which a program that unpacks
 * nothing may not be allowed to do.
 *
 * @module
 */
import { once } from "node:events";
import { closeSync, createReadStream, openSync, readSync, type Stats } from "node:fs";
import { createGunzip } from "node:zlib";
import type { Parser, ReadEntry } from "tar";

import { InvalidInputError } from "../errors.ts";
import { type Archive, mostArchiveBytes } from "./archive.ts";

/** Bytes to unpack at a time. */
const PIECE_BYTES = 1 << 18;
/** Most files and folders in an archive. The official archives hold about ten. */
const MOST_ENTRIES = 1000;

/** An archive on disk, and the data set that it should hold. */
export interface ArchiveFile {
  /** The tar archive, compressed or not. */
  readonly path: string;
  /** The official archive of the data set, which sets the size limit. */
  readonly archive: Pick<Archive, "bytes">;
}

/**
 * Checks each entry of an archive, and stops at the first that is refused.
 *
 * @param refusalOf returns why an entry is refused, as the end of a sentence that begins with the archive's path;
 * null if the entry is allowed.
 * @throws {InvalidInputError} if an entry is refused, or the archive unpacks to more than the limit.
 */
export async function checkEntries(file: ArchiveFile, refusalOf: (entry: ReadEntry) => string | null): Promise<void> {
  const { Parser } = await import("tar");
  let refusal: string | null = null;
  let entries = 0;
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      if (++entries > MOST_ENTRIES) refusal ??= `holds more than ${MOST_ENTRIES} files; give the official archive`;
      refusal ??= refusalOf(entry);
      entry.resume();
    },
  });
  await feed(file, parser, "end", () => {
    if (refusal !== null) throw new InvalidInputError(`${file.path}: ${refusal}`);
  });
}

/**
 * Unpacks an archive into a folder.
 *
 * @throws {InvalidInputError} if the archive unpacks to more than the limit.
 */
export async function extractInto(folder: string, file: ArchiveFile): Promise<void> {
  const { Unpack } = await import("tar");
  const unpack = new Unpack({
    cwd: folder,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    filter: withOwnMode,
  });
  await feed(file, unpack, "close", () => {});
}

/** Replaces an entry's mode by that of a new file or folder, less the umask. Accepts every entry. */
function withOwnMode(_path: string, entry: ReadEntry | Stats): true {
  entry.mode = "type" in entry && entry.type === "Directory" ? 0o777 : 0o666;
  return true;
}

/** Whether a file begins with gzip's magic number. */
function isCompressed(path: string): boolean {
  const beginning = new Uint8Array(2);
  const file = openSync(path, "r");
  try {
    return readSync(file, beginning) === 2 && beginning[0] === 0x1f && beginning[1] === 0x8b;
  } finally {
    closeSync(file);
  }
}

/** The archive's tar bytes, decompressed as the caller asks for them. */
async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
  const pieces = isCompressed(path) ? file.pipe(createGunzip({ chunkSize: PIECE_BYTES })) : file;
  // A pipe does not forward errors.
  file.on("error", (error) => pieces.destroy(error));
  try {
    for await (const piece of pieces) yield piece;
  } finally {
    file.destroy();
    pieces.destroy();
  }
}

/** Passes an archive through a parser until it emits `end`. `check` runs after each piece and throws to stop early. */
async function feed(file: ArchiveFile, parser: Parser, end: "end" | "close", check: () => void): Promise<void> {
  const most = mostArchiveBytes(file.archive);
  // Rejects if the parser emits an error. The empty handler keeps it pending until `await ended` throws it.
  const ended = once(parser, end);
  ended.catch(() => {});
  let bytes = 0;
  for await (const piece of piecesOf(file.path)) {
    bytes += piece.length;
    if (bytes > most) {
      throw new InvalidInputError(
        `${file.path}: unpacks to more than ${most} bytes, twice the data set's size; give the official archive`,
      );
    }
    const hasRoom = parser.write(Buffer.from(piece.buffer, piece.byteOffset, piece.length));
    check();
    if (!hasRoom) await Promise.race([once(parser, "drain"), ended]);
  }
  parser.end();
  await ended;
  check();
}
