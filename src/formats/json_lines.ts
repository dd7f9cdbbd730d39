/**
 * Files with a JSON object per line, which grow by whole lines.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { parseJsonObject } from "./json_object.ts";
import { checkPlainFile, isPlainFile } from "./plain_file.ts";
import { readLines } from "./text_lines.ts";
import { appendToFile, flushFile, writeFileAtomically } from "./write_file.ts";

/** A line of a file. */
export interface JsonLine<Contents> {
  /** The line number, from 1. */
  readonly number: number;
  /** The text without its newline. */
  readonly text: string;
  /** The parsed contents. */
  readonly record: Contents;
}

/** The contents of a file. */
export interface JsonLinesContent<Contents> {
  /** The sound lines, in order. */
  readonly lines: readonly JsonLine<Contents>[];
  /** Numbers of the damaged lines, from 1. */
  readonly damaged: readonly number[];
}

/**
 * A file of JSON objects. A crash may leave a part of the last line, which is ignored. A failing disk may damage any
 * line; the other lines are still read.
 */
export class JsonLines<Contents> {
  readonly #contents: (record: Readonly<Record<string, unknown>>) => Contents | null;

  /**
   * Names a file, which need not exist yet.
   *
   * @param contents converts a parsed object to a record; returns null if the object does not belong in this file,
   * and its line then counts as damaged.
   */
  constructor(readonly path: string, contents: (record: Readonly<Record<string, unknown>>) => Contents | null) {
    this.#contents = contents;
  }

  /**
   * Appends a line.
   *
   * @param check see {@linkcode appendToFile}.
   * @throws {InvalidInputError} if the file is a link. Reading it throws the same.
   * @throws {StorageError} if there is no space or no permission; the file then keeps its contents.
   */
  append(record: object, check?: () => void): void {
    checkPlainFile(this.path);
    appendToFile(this.path, `${JSON.stringify(record)}\n`, check);
  }

  /** Waits until the lines are on the disk. @throws {StorageError} if the disk reports an error. */
  flush(): void {
    if (isPlainFile(this.path)) flushFile(this.path);
  }

  /** The texts of all lines, damaged ones too; empty if there is no file. A line of more than 16 MiB is null. */
  texts(): (string | null)[] {
    return isPlainFile(this.path) ? [...readLines(this.path)] : [];
  }

  /** Reads the whole file; no lines if it does not exist. */
  read(): JsonLinesContent<Contents> {
    const lines: JsonLine<Contents>[] = [];
    const damaged: number[] = [];
    this.texts().forEach((text, index) => {
      const record = this.#parse(text);
      if (text !== null && record !== null) lines.push({ number: index + 1, text, record });
      else damaged.push(index + 1);
    });
    return { lines, damaged };
  }

  #parse(text: string | null): Contents | null {
    const record = text === null ? null : parseJsonObject(text);
    return record === null ? null : this.#contents(record);
  }

  /**
   * Reads the last lines, in order: the sound ones that begin within the last `bytes` bytes of the file.
   *
   * @returns an empty list if there is no file.
   */
  readEnd(bytes: number): Contents[] {
    if (!isPlainFile(this.path)) return [];
    const file = openSync(this.path, "r");
    try {
      const { size } = fstatSync(file);
      const end = new Uint8Array(Math.min(size, bytes));
      readSync(file, end, 0, end.length, size - end.length);
      // The first piece may lack the beginning of its line, and the text after the last newline is no whole line.
      const texts = new TextDecoder().decode(end).split("\n").slice(size > bytes ? 1 : 0, -1);
      return texts.map((text) => this.#parse(text)).filter((record) => record !== null);
    } finally {
      closeSync(file);
    }
  }

  /**
   * Removes the lines for which `stays` is false, damaged lines, and an incomplete last line. The change is atomic.
   * If nothing is to be removed the file is not touched, unless it has a second hard link.
   *
   * @returns the numbers of the damaged lines. A removed line that stands before a kept line is out of order and
   * counts as damaged.
   */
  cut(stays: (record: Contents) => boolean): readonly number[] {
    if (!isPlainFile(this.path)) return [];
    const { lines, damaged } = this.read();
    const kept = lines.filter(({ record }) => stays(record));
    const lastKept = kept.at(-1)?.number ?? 0;
    const misplaced = lines.filter(({ number, record }) => number < lastKept && !stays(record));
    const bytes = new TextEncoder().encode(kept.map(({ text }) => `${text}\n`).join(""));
    const { size, nlink } = statSync(this.path);
    // A copy made by a hard link shares the bytes. A new file keeps later lines out of that copy.
    if (bytes.length !== size || nlink > 1) writeFileAtomically(this.path, bytes);
    return [...damaged, ...misplaced.map(({ number }) => number)].sort((a, b) => a - b);
  }
}
