/**
 * Files of one JSON object a line, which grow by whole lines.
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
  /** Its place in the file, from 1. */
  readonly number: number;
  /** As it is written, without its end. */
  readonly text: string;
  /** What it holds. */
  readonly record: Contents;
}

/** What a file holds. */
export interface JsonLinesContent<Contents> {
  /** The lines that are whole, in order. */
  readonly lines: readonly JsonLine<Contents>[];
  /** Numbers of the lines that are damaged, from 1. */
  readonly damaged: readonly number[];
}

/**
 * A file of JSON objects. A machine that goes down may leave a part of the last line, which is no line yet. A failing disk may damage any
 * line; the others are read all the same.
 */
export class JsonLines<Contents> {
  readonly #contents: (record: Readonly<Record<string, unknown>>) => Contents | null;

  /**
   * A file that need not be there yet.
   *
   * @param contents what an object stands for; null if it is none of this file's, which makes its line a damaged one.
   */
  constructor(readonly path: string, contents: (record: Readonly<Record<string, unknown>>) => Contents | null) {
    this.#contents = contents;
  }

  /**
   * Adds a line.
   *
   * @param check as {@linkcode appendToFile} has it.
   * @throws {InvalidInputError} if the file is a link, as reading it does, too.
   * @throws {StorageError} if there is no room or no permission; the file is then as it was.
   */
  append(record: object, check?: () => void): void {
    checkPlainFile(this.path);
    appendToFile(this.path, `${JSON.stringify(record)}\n`, check);
  }

  /** Waits until the lines are on the disk. @throws {StorageError} if the disk reports an error. */
  flush(): void {
    if (isPlainFile(this.path)) flushFile(this.path);
  }

  /** The texts of the whole file's lines, damaged ones too; none if there is no file. A line too long to be one is null. */
  texts(): (string | null)[] {
    return isPlainFile(this.path) ? [...readLines(this.path)] : [];
  }

  /** The whole file; nothing if there is none. */
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
   * What the last lines hold, in order: those whole lines that begin at most so many bytes before the file's end.
   *
   * @returns nothing if there is no file.
   */
  readEnd(bytes: number): Contents[] {
    if (!isPlainFile(this.path)) return [];
    const file = openSync(this.path, "r");
    try {
      const { size } = fstatSync(file);
      const end = new Uint8Array(Math.min(size, bytes));
      readSync(file, end, 0, end.length, size - end.length);
      // What stands before the first line's end may be a part of a line, and so may what stands behind the last one's.
      const texts = new TextDecoder().decode(end).split("\n").slice(size > bytes ? 1 : 0, -1);
      return texts.map((text) => this.#parse(text)).filter((record) => record !== null);
    } finally {
      closeSync(file);
    }
  }

  /**
   * Takes lines away: those that are not to stay, damaged ones, and a part of a line at the end. The file is the old one or the new one
   * throughout; if nothing is to be taken away, it is not touched, unless it has another name, too.
   *
   * @returns numbers of the damaged lines, among them lines not to stay that stand before one that does: they are out of their order.
   */
  cut(stays: (record: Contents) => boolean): readonly number[] {
    if (!isPlainFile(this.path)) return [];
    const { lines, damaged } = this.read();
    const kept = lines.filter(({ record }) => stays(record));
    const lastKept = kept.at(-1)?.number ?? 0;
    const misplaced = lines.filter(({ number, record }) => number < lastKept && !stays(record));
    const bytes = new TextEncoder().encode(kept.map(({ text }) => `${text}\n`).join(""));
    const { size, nlink } = statSync(this.path);
    // What is added later goes to this file alone, and not to one that shares its bytes, as copies by hard links do.
    if (bytes.length !== size || nlink > 1) writeFileAtomically(this.path, bytes);
    return [...damaged, ...misplaced.map(({ number }) => number)].sort((a, b) => a - b);
  }
}
