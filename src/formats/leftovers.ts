/**
 * Temporary files and folders that killed processes have left behind: told from those in use by a lock, and removed.
 *
 * @module
 */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** What follows a file's name in that of its temporary file: the number of the process, and of the attempt unless it is the first. */
const ending = /\.\d+(-\d+)?\.partial$/;

/**
 * Marks a temporary file or folder as in use until it is closed, however its process ends. On a file system without locks it is not
 * marked, and {@linkcode clearLeftovers} removes nothing there.
 */
export function lockPartial(file: Deno.FsFile): void {
  try {
    file.tryLockSync(true);
  } catch {
    // No locks here: what a kill leaves stays, which is the lesser evil.
  }
}

/** Removes a temporary file or folder unless a process has it locked. */
function removeIfDead(path: string): void {
  const kind = lstatSync(path);
  const isFolder = kind.isDirectory();
  // Neither a link is followed nor a pipe waited for.
  if (!isFolder && !kind.isFile()) return;
  // A lock on a file of a network is only given to those who may write to it; a folder can only be opened for reading.
  using file = Deno.openSync(path, { read: true, write: !isFolder });
  if (file.tryLockSync(true)) Deno.removeSync(path, { recursive: true });
}

/**
 * Removes the temporary files and folders in a folder that killed processes have left. Those that a process has open stay.
 *
 * @param name of the file whose temporary files are meant; all of the folder's by default.
 */
export function clearLeftovers(folder: string, name: string | null = null): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    // A folder that can be written to and not read, or none: whatever is done next says what is wrong.
    return;
  }
  for (const found of names) {
    if (!ending.test(found) || (name !== null && found.replace(ending, "") !== name)) continue;
    try {
      removeIfDead(join(folder, found));
    } catch {
      // Another process has removed it, it belongs to another user, or nobody can lock it here: it is in nobody's way.
    }
  }
}
