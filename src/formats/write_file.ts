/**
 * Writes files so that a crash leaves the old file or the new one, never a part, and appends to files.
 *
 * Files get the mode 0666 and folders 0777, less the umask. The calls here and `Deno.mkdirSync` respect it. Other
 * calls do not: Deno's `appendFileSync` sets 0666 with a second call that ignores the umask, `copyFileSync` copies
 * the original's mode, and temporary folders get 0700.
 *
 * @module
 */

import { basename, dirname } from "@std/path";
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
import process from "node:process";
import { clearLeftovers, lockPartial } from "./leftovers.ts";
import { storageError, systemCode } from "./system_errors.ts";

/**
 * Errors by which a file system says that it cannot flush folders; any other error of a flush is a failure of the
 * disk.
 */
const cannotFlush = ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EBADF", "EACCES", "EPERM", "EISDIR"];

/**
 * Appends to a file.
 *
 * @param check called when the file is open; if it throws, nothing is written. With a check, the file must exist. If
 * the check finds the right folder at its path, the write goes to that folder's file, even if another folder takes
 * its place meanwhile.
 * @throws {StorageError} if there is no space or no permission; the file then keeps its contents.
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

/** Waits until a file's contents are on the disk. @throws {StorageError} if the disk reports an error. */
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
 * Waits until a folder's entries are on the disk: only then does a rename in it survive a power cut. Does nothing on
 * file systems that cannot flush folders.
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
 * Makes a folder with its parents, and flushes the folders that hold the new ones. Does nothing if the folder exists.
 *
 * @throws the operating system's error, for callers with their own message.
 */
export function createFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length && made !== dirname(made); made = dirname(made)) {
    flushFolder(dirname(made));
  }
}

/** Makes a folder as {@linkcode createFolder} does. @throws {StorageError} if there is no space or no permission. */
export function makeFolder(path: string): void {
  try {
    createFolder(path);
  } catch (error) {
    throw storageError(path, error);
  }
}

/** Creates a temporary file beside `path` that no other process writes to. */
function openPartial(path: string): { readonly name: string; readonly file: Deno.FsFile } {
  for (let attempt = 0;; attempt++) {
    const name = `${path}.${process.pid}${attempt === 0 ? "" : `-${attempt}`}.partial`;
    try {
      const file = Deno.openSync(name, { write: true, createNew: true });
      lockPartial(file);
      return { name, file };
    } catch (error) {
      // A killed process of the same number left it, or a process of that number on another machine uses it.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

/**
 * Writes bytes to a new temporary file beside `path` and flushes it to the disk. First removes leftovers of killed
 * processes that were writing `path`.
 *
 * @returns the temporary file's path.
 * @throws {StorageError} if there is no space or no permission; no temporary file stays behind.
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
 * Writes bytes to a temporary file in the same folder, flushes it to the disk, renames it to `path` and flushes the
 * folder.
 *
 * @param check called with the temporary file's path before the rename. If it throws, its error is passed on and
 * `path` keeps its contents.
 * @throws {StorageError} if there is no space or no permission; the temporary file is removed and `path` keeps its
 * contents.
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
