/**
 * Reads tar archives, compressed with gzip or not, piece by piece, and no further than a limit.
 *
 * @module
 */
import { once } from "node:events";
import { closeSync, createReadStream, openSync, readSync, type Stats } from "node:fs";
import { createGunzip } from "node:zlib";
import { Parser, type ReadEntry, Unpack } from "tar";

import { InvalidInputError } from "../errors.ts";
import { type Archive, mostArchiveBytes } from "./archive.ts";

/** Bytes that are unpacked at a time. */
const PIECE_BYTES = 1 << 18;
/** Files and folders that an archive may hold: the official ones hold about ten. */
const MOST_ENTRIES = 1000;

/** An archive on disk, and which data set it is to hold. */
export interface ArchiveFile {
  /** The tar archive, compressed or not. */
  readonly path: string;
  /** The data set's own. */
  readonly archive: Pick<Archive, "bytes">;
}

/**
 * Tells of each entry of an archive, and reads no further than the first that is refused.
 *
 * @param refusalOf why the archive is not to be unpacked, as the end of a sentence that begins with its path, or null.
 * @throws {InvalidInputError} if an entry is refused, or the archive unpacks to more than its data set can need.
 */
export async function checkEntries(file: ArchiveFile, refusalOf: (entry: ReadEntry) => string | null): Promise<void> {
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
 * Writes the files of an archive into a folder.
 *
 * @throws {InvalidInputError} if the archive unpacks to more than its data set can need.
 */
export async function extractInto(folder: string, file: ArchiveFile): Promise<void> {
  const unpack = new Unpack({
    cwd: folder,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    filter: withOwnMode,
  });
  await feed(file, unpack, "close", () => {});
}

/** Gives an entry the mode of a new file or folder, less the umask, whatever mode the archive says. Every entry is taken. */
function withOwnMode(_path: string, entry: ReadEntry | Stats): true {
  entry.mode = "type" in entry && entry.type === "Directory" ? 0o777 : 0o666;
  return true;
}

/** Whether a file begins as gzip's do. */
function isCompressed(path: string): boolean {
  const beginning = new Uint8Array(2);
  const file = openSync(path, "r");
  try {
    return readSync(file, beginning) === 2 && beginning[0] === 0x1f && beginning[1] === 0x8b;
  } finally {
    closeSync(file);
  }
}

/** The bytes of an archive, unpacked as they are asked for. */
async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
  const pieces = isCompressed(path) ? file.pipe(createGunzip({ chunkSize: PIECE_BYTES })) : file;
  // A pipe passes on no errors.
  file.on("error", (error) => pieces.destroy(error));
  try {
    for await (const piece of pieces) yield piece;
  } finally {
    file.destroy();
    pieces.destroy();
  }
}

/** Passes an archive through a parser, until that emits `end`; `check` throws what stops it before. */
async function feed(file: ArchiveFile, parser: Parser, end: "end" | "close", check: () => void): Promise<void> {
  const most = mostArchiveBytes(file.archive);
  // Rejected if the parser emits an error; one that comes while nothing waits for it is thrown by the last line but one.
  const ended = once(parser, end);
  ended.catch(() => {});
  let bytes = 0;
  for await (const piece of piecesOf(file.path)) {
    bytes += piece.length;
    if (bytes > most) {
      throw new InvalidInputError(
        `${file.path}: unpacks to more than ${most} bytes, twice those of the data set; give the official archive`,
      );
    }
    const goesOn = parser.write(Buffer.from(piece.buffer, piece.byteOffset, piece.length));
    check();
    if (!goesOn) await Promise.race([once(parser, "drain"), ended]);
  }
  parser.end();
  await ended;
  check();
}
