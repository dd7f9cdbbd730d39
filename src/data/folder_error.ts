/**
 * Explains failures to read a folder or a file of data, each in one line with a remedy.
 *
 * @module
 */
import { InvalidInputError, type SluiceError, TooManyOpenFilesError } from "../errors.ts";
import { reasonOf } from "../formats/mod.ts";
import { escapeName } from "./names.ts";

/** Whether an error, or a reason from the native library, means that too many files are open. */
export function isTooManyOpenFiles(error: unknown): boolean {
  if (typeof error === "string") return /: Too many open files( in system)?$/.test(error);
  return error instanceof Error && "code" in error && (error.code === "EMFILE" || error.code === "ENFILE");
}

/** The error for a data folder that cannot be read. */
export function folderError(folder: string, error: unknown): SluiceError {
  const name = escapeName(folder);
  if (isTooManyOpenFiles(error)) return new TooManyOpenFilesError(name, { cause: error });
  if (folder === "") return new InvalidInputError('--data "": give the path of a folder of images', { cause: error });
  const fail = (sentence: string) => new InvalidInputError(`${name} ${sentence}`, { cause: error });
  if (error instanceof Deno.errors.NotFound) return fail("does not exist: give --data a folder of images");
  if (error instanceof Deno.errors.NotADirectory) return fail("is not a folder: give --data a folder of images");
  if (error instanceof Deno.errors.PermissionDenied) {
    return fail(
      "cannot be read by this user: add permission to read and search it (u+rx), or move the folder out of the data",
    );
  }
  const cause = reasonOf(error);
  return fail(`cannot be read (${cause}): check its disk, or move the folder out of the data`);
}

/** The error for a data file that cannot be read. */
export function fileError(path: string, error: unknown): SluiceError {
  const name = escapeName(path);
  if (isTooManyOpenFiles(error)) return new TooManyOpenFilesError(name, { cause: error });
  const cause = reasonOf(error);
  return new InvalidInputError(`${name} cannot be read (${cause}): check its permissions, or give another file`, {
    cause: error,
  });
}
