/**
 * Writing a file so that a crash leaves the old one or the new one, never a part.
 *
 * @module
 */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";

/**
 * Writes bytes to a temporary file in the same folder, flushes it to the disk, renames it to `path` and flushes the folder.
 *
 * @throws The file system's error where a step fails; the temporary file is removed and an older file at `path` stays.
 */
export function writeFileAtomically(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${process.pid}.partial`;
  try {
    const file = openSync(temporary, "w");
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
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
