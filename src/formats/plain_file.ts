/**
 * Keeps a folder's own files from leading elsewhere: whoever could write into the folder could have made a link of one.
 *
 * @module
 */
import { InvalidInputError } from "../errors.ts";

/** What is at a path, links not followed; null if nothing is. */
function lookAt(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/**
 * Whether a file is there. To be called before a file of a run is read or written, with the path that is opened then.
 *
 * @throws {InvalidInputError} if a link is there, or anything else that is no file.
 */
export function isPlainFile(path: string): boolean {
  const found = lookAt(path);
  if (found === null) return false;
  if (found.isSymlink) {
    throw new InvalidInputError(`${path}: is a link, and must be a file of its own; remove it, or copy the file here`);
  }
  if (!found.isFile) throw new InvalidInputError(`${path}: is not a file; remove it`);
  return true;
}

/**
 * Refuses a path at which something else than a file is. A file that is not there may be made.
 *
 * @throws {InvalidInputError} as {@linkcode isPlainFile}.
 */
export function checkPlainFile(path: string): void {
  isPlainFile(path);
}
