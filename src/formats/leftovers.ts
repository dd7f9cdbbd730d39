/**
 * Removes temporary files and folders that killed processes left behind. A lock marks those still in use.
 *
 * @module
 */
import { join } from "@std/path";
import { lstatSync, readdirSync } from "node:fs";

/** The suffix of a temporary file: the process number, and the number of the attempt unless it is the first. */
const ending = /\.\d+(-\d+)?\.partial$/;

/**
 * Marks a temporary file or folder as in use until it is closed or its process ends. On a file system without locks
 * nothing is marked, and {@linkcode clearLeftovers} removes nothing there.
 */
export function lockPartial(file: Deno.FsFile): void {
  try {
    file.tryLockSync(true);
  } catch {
    // Without locks, leftovers stay: better than removing a file in use.
  }
}

/** Removes a temporary file or folder unless a process holds its lock. */
function removeIfDead(path: string): void {
  const kind = lstatSync(path);
  const isFolder = kind.isDirectory();
  // Do not follow a link, and do not wait for a pipe.
  if (!isFolder && !kind.isFile()) return;
  // Network file systems only lock files that are open for writing. Folders can only be opened for reading.
  using file = Deno.openSync(path, { read: true, write: !isFolder });
  if (file.tryLockSync(true)) Deno.removeSync(path, { recursive: true });
}

/**
 * Removes temporary files and folders in a folder if the processes that made them have ended.
 *
 * @param name only removes the temporary files of the file with this name; by default those of all files.
 */
export function clearLeftovers(folder: string, name: string | null = null): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    // The folder cannot be read or does not exist. The write that follows reports the problem.
    return;
  }
  for (const found of names) {
    if (!ending.test(found) || (name !== null && found.replace(ending, "") !== name)) continue;
    try {
      removeIfDead(join(folder, found));
    } catch {
      // Another process has removed it, another user owns it, or this file system has no locks. It does no harm.
    }
  }
}
