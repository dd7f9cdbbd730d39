/**
 * Writing files: whole ones so that a crash leaves the old one or the new one, never a part; and additions to their ends.
 *
 * Files get the mode 0666 and folders 0777, less the umask. The calls here and `Deno.mkdirSync` give them that; Deno's `appendFileSync`
 * sets the mode 0666 by a second call that knows no umask, `copyFileSync` the mode of the original, and temporary folders are 0700.
 *
 * @module
 */

import {
  closeSync,
  constants as modes,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import process from "node:process";
import { StorageError } from "../errors.ts";
import { clearLeftovers, lockPartial } from "./leftovers.ts";
import { describeSystemError, systemCode } from "./system_errors.ts";

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

/** Errors of a flush that say that a folder cannot be flushed here, and not that the disk has failed. */
const cannotFlush = ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EBADF", "EACCES", "EPERM", "EISDIR"];

/** A failure to write `path`, in a line with its remedy; any other error as it is. */
export function storageError(path: string, error: unknown): unknown {
  const reason = reasons[systemCode(error)];
  if (reason !== undefined) return new StorageError(`${path}: cannot be written: ${reason}`, { cause: error });
  const system = describeSystemError(error, path);
  return system === null ? error : new StorageError(system.sentence, { cause: error });
}

/**
 * Adds to a file's end.
 *
 * @param check called once the file, which then has to exist, is open; nothing is added if it throws. If a check by paths finds the
 * folder in its place, the addition goes to that folder's file, even if another folder is put there before it is written.
 * @throws {StorageError} if there is no room or no permission; the file is then as it was.
 */
export function appendToFile(path: string, addition: string | Uint8Array, check?: () => void): void {
  const bytes = typeof addition === "string" ? new TextEncoder().encode(addition) : addition;
  try {
    const file = openSync(path, modes.O_WRONLY | modes.O_APPEND | (check === undefined ? modes.O_CREAT : 0));
    try {
      check?.();
      const { size } = fstatSync(file);
      try {
        for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      } catch (error) {
        ftruncateSync(file, size);
        throw error;
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw storageError(path, error);
  }
}

/** Waits until a file's bytes are on the disk. */
export function flushFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } catch (error) {
    throw storageError(path, error);
  } finally {
    closeSync(file);
  }
}

/**
 * Waits until a folder's names are on the disk: only then a rename in it survives a power cut. Does nothing on file systems that cannot
 * flush folders.
 *
 * @throws {StorageError} if the disk reports an error.
 */
export function flushFolder(path: string): void {
  if (process.platform === "win32") return;
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch (error) {
    if (!cannotFlush.includes(systemCode(error))) throw storageError(path, error);
  }
}

/**
 * Makes a folder with its parents, and flushes the folders that hold the new ones. A folder that is there already is left as it is.
 *
 * @throws the system's error, for callers who say in their own words what cannot be made.
 */
export function createFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length && made !== dirname(made); made = dirname(made)) {
    flushFolder(dirname(made));
  }
}

/** Makes a folder as {@linkcode createFolder} does. @throws {StorageError} if there is no room or no permission. */
export function makeFolder(path: string): void {
  try {
    createFolder(path);
  } catch (error) {
    throw storageError(path, error);
  }
}

/** Opens a new temporary file beside `path`, under a name that no other process writes to. */
function openPartial(path: string): { readonly name: string; readonly file: Deno.FsFile } {
  for (let attempt = 0;; attempt++) {
    const name = `${path}.${process.pid}${attempt === 0 ? "" : `-${attempt}`}.partial`;
    try {
      const file = Deno.openSync(name, { write: true, createNew: true });
      lockPartial(file);
      return { name, file };
    } catch (error) {
      // Left by a killed process of the same number, or of a process of that number on another machine.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

/**
 * Writes bytes to a new temporary file beside `path` and flushes it to the disk. What killed processes left of earlier attempts to write
 * `path` is removed first.
 *
 * @returns the temporary file's path.
 * @throws {StorageError} if there is no room or no permission; nothing stays then.
 */
export function writePartial(path: string, bytes: Uint8Array): string {
  let temporary: string | null = null;
  try {
    clearLeftovers(dirname(path), basename(path));
    const { name, file } = openPartial(path);
    temporary = name;
    try {
      for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
      file.syncSync();
    } finally {
      file.close();
    }
    return name;
  } catch (error) {
    if (temporary !== null) rmSync(temporary, { force: true });
    throw storageError(path, error);
  }
}

/**
 * Writes bytes to a temporary file in the same folder, flushes it to the disk, renames it to `path` and flushes the folder.
 *
 * @param check told of the temporary file before it is renamed; if it throws, that is thrown, and `path` is as it was.
 * @throws {StorageError} if there is no room or no permission; the temporary file is removed and an older file at `path` stays.
 */
export function writeFileAtomically(
  path: string,
  bytes: Uint8Array,
  check: (temporary: string) => void = () => {},
): void {
  const temporary = writePartial(path, bytes);
  try {
    check(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw storageError(path, error);
  }
  flushFolder(dirname(path));
}
