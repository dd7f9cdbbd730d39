/**
 * Writing files: whole ones so that a crash leaves the old one or the new one, never a part; and additions to their ends.
 *
 * @module
 */

import { appendFileSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { StorageError } from "../errors.ts";

/** What the system's reasons for not writing come to. */
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the device; free some",
  EDQUOT: "the quota of disk space is used up; free some",
  EFBIG: "the file would be larger than is allowed here; raise the limit",
  EROFS: "the file system is read-only; make it writable",
  EACCES: "permission is denied; make the folder writable",
  EPERM: "permission is denied; make the folder writable",
  EIO: "the disk reports an error; check it",
  ENOENT: "its folder is gone; put it back",
};

/** A failure to write `path`, in a line with its remedy; any other error as it is. */
export function storageError(path: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = reasons[code];
  return reason === undefined ? error : new StorageError(`${path}: cannot be written: ${reason}`, { cause: error });
}

/** Adds to a file's end. @throws {StorageError} where there is no room or no permission; a part of the addition may stay. */
export function appendToFile(path: string, addition: string | Uint8Array): void {
  try {
    appendFileSync(path, addition);
  } catch (error) {
    throw storageError(path, error);
  }
}

/**
 * Writes bytes to a temporary file in the same folder, flushes it to the disk, renames it to `path` and flushes the folder.
 *
 * @param check told of the temporary file before it is renamed; what it throws is thrown, and nothing is at `path` that was not.
 * @throws {StorageError} where there is no room or no permission; the temporary file is removed and an older file at `path` stays.
 */
export function writeFileAtomically(
  path: string,
  bytes: Uint8Array,
  check: (temporary: string) => void = () => {},
): void {
  const temporary = `${path}.${process.pid}.partial`;
  try {
    const file = openSync(temporary, "w");
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    check(temporary);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw storageError(path, cause);
  }
  flushFolder(dirname(path));
}

/** The rename itself survives a power cut only once the folder is on the disk; Windows cannot open folders. */
function flushFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
