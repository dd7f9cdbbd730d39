/**
 * Reads text files of any size line by line.
 *
 * @module
 */
import { closeSync, openSync, readSync } from "node:fs";

/** Bytes to read at a time. */
const PIECE = 1 << 20;
/**
 * Bytes after which a line counts as too long. The longest lines of a run, evaluations of wide networks, take some
 * 100 kB.
 */
const LONGEST = 16 << 20;
const LINE_END = 0x0a;

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}

/** Splits a file into lines, from pieces that arrive one after the other. */
class LineReader {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** The pieces of the line that has begun. */
  #begun: Uint8Array[] = [];
  #length = 0;

  /** The lines that end in a piece, without their newlines. */
  *add(piece: Uint8Array): Generator<string | null> {
    const first = piece.indexOf(LINE_END);
    // A line that is too long is not kept.
    if (first < 0 && this.#length > LONGEST) return;
    let rest = piece;
    if (first >= 0 && this.#length + first > LONGEST) {
      yield null;
      rest = piece.subarray(first + 1);
      [this.#begun, this.#length] = [[], 0];
    }
    const end = rest.lastIndexOf(LINE_END);
    if (end >= 0) {
      yield* this.#decoder.decode(joined([...this.#begun, rest.subarray(0, end)])).split("\n");
      [this.#begun, this.#length] = [[], 0];
    }
    const begun = rest.slice(end + 1);
    this.#length += begun.length;
    if (this.#length <= LONGEST) this.#begun.push(begun);
    else this.#begun = [];
  }
}

/**
 * The lines of a file, without their newlines. Text after the last newline is not a line.
 *
 * @returns null for each line of more than 16 MiB, which is not kept in memory.
 */
export function* readLines(path: string): Generator<string | null> {
  const file = openSync(path, "r");
  try {
    const reader = new LineReader();
    const piece = new Uint8Array(PIECE);
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      yield* reader.add(piece.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
}
