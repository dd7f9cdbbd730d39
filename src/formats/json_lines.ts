/**
 * Files of one JSON object a line, which grow by whole lines.
 *
 * @module
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { parseJsonObject } from "./json_object.ts";
import { appendToFile, writeFileAtomically } from "./write_file.ts";

/** A line of a file. */
export interface JsonLine {
  /** As it is written, without its end. */
  readonly text: string;
  /** What it holds. */
  readonly record: Readonly<Record<string, unknown>>;
}

function parseLine(text: string): JsonLine | null {
  const record = parseJsonObject(text);
  return record && { text, record };
}

/** A file of JSON objects. A machine that goes down may leave a part of the last line, and only that. */
export class JsonLines {
  /** A file that need not be there yet. */
  constructor(readonly path: string) {}

  /** Adds a line. @throws {StorageError} where there is no room or no permission; a part of the line may stay. */
  append(record: object): void {
    appendToFile(this.path, `${JSON.stringify(record)}\n`);
  }

  /** The whole file as it is; nothing where there is none. */
  text(): string {
    return existsSync(this.path) ? Deno.readTextFileSync(this.path) : "";
  }

  /** The lines before the first damaged one; none where there is no file. */
  read(): readonly JsonLine[] {
    // What stands behind the last line's end is a part of a line.
    const lines = this.text().split("\n").slice(0, -1).map(parseLine);
    const damaged = lines.indexOf(null);
    return (damaged < 0 ? lines : lines.slice(0, damaged)).filter((line) => line !== null);
  }

  /** The last lines, whose beginnings may lie so far from the end: those whole among them; none where there is no file. */
  readEnd(bytes = 2 ** 16): readonly JsonLine[] {
    if (!existsSync(this.path)) return [];
    const file = openSync(this.path, "r");
    try {
      const { size } = fstatSync(file);
      const end = new Uint8Array(Math.min(size, bytes));
      readSync(file, end, 0, end.length, size - end.length);
      // What stands before the first line's end may be a part of a line, too.
      const lines = new TextDecoder().decode(end).split("\n").slice(size > bytes ? 1 : 0, -1);
      return lines.map(parseLine).filter((line) => line !== null);
    } finally {
      closeSync(file);
    }
  }

  /**
   * Leaves the lines before the first that is damaged or not to stay, the file being the old one or the new one throughout. Where there
   * is no file, none is made.
   */
  cut(stays: (record: JsonLine["record"]) => boolean): void {
    if (!existsSync(this.path)) return;
    const lines = this.read();
    const end = lines.findIndex(({ record }) => !stays(record));
    const kept = end < 0 ? lines : lines.slice(0, end);
    writeFileAtomically(this.path, new TextEncoder().encode(kept.map(({ text }) => `${text}\n`).join("")));
  }
}
