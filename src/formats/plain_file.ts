/**
 * Refuses links in place of files, which would let anyone with write access to a folder redirect reads and writes
 * elsewhere.
 *
 * @module
 */
import { InvalidInputError } from "../errors.ts";

/** What is at a path, without following links; null if nothing is. */
function lookAt(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/**
 * Whether a file exists. Call it before reading or writing a file of a run, with the same path.
 *
 * @throws {InvalidInputError} if the path is a link, a folder or anything else that is not a file.
 */
export function isPlainFile(path: string): boolean {
  const found = lookAt(path);
  if (found === null) return false;
  if (found.isSymlink) {
    throw new InvalidInputError(`${path}: is a link and must be a file; remove it, or copy the file here`);
  }
  if (!found.isFile) throw new InvalidInputError(`${path}: is not a file; remove it`);
  return true;
}

/**
 * Whether a folder exists. Call it before reading or writing a run's files in it.
 *
 * @throws {InvalidInputError} if the path is a link, a file or anything else that is not a folder.
 */
export function isPlainFolder(path: string): boolean {
  const found = lookAt(path);
  if (found === null) return false;
  if (found.isSymlink) {
    throw new InvalidInputError(`${path}: is a link and must be a folder; remove it, or copy the folder here`);
  }
  if (!found.isDirectory) throw new InvalidInputError(`${path}: is not a folder; remove it`);
  return true;
}

/**
 * Refuses a path that is not a file. The path need not exist.
 *
 * @throws {InvalidInputError} if the path is a link, a folder or anything else that is not a file.
 */
export function checkPlainFile(path: string): void {
  isPlainFile(path);
}
