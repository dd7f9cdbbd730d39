/**
 * Failures to read a folder or a file, each in one line with a remedy that applies.
 *
 * @module
 */
import { InvalidInputError, type SluiceError, TooManyOpenFilesError } from "../errors.ts";
import { reasonOf } from "../formats/mod.ts";
import { escapeName } from "./names.ts";

/** Whether an error, or a reason of the native library, says that this process or the machine can open no further file. */
export function isTooManyOpenFiles(error: unknown): boolean {
  if (typeof error === "string") return /: Too many open files( in system)?$/.test(error);
  return error instanceof Error && "code" in error && (error.code === "EMFILE" || error.code === "ENFILE");
}

/** The error for a folder of data that cannot be looked into. */
export function folderError(folder: string, error: unknown): SluiceError {
  const name = escapeName(folder);
  if (isTooManyOpenFiles(error)) return new TooManyOpenFilesError(name, { cause: error });
  if (folder === "") return new InvalidInputError('--data "": give the path of a folder of images', { cause: error });
  const fail = (sentence: string) => new InvalidInputError(`${name} ${sentence}`, { cause: error });
  if (error instanceof Deno.errors.NotFound) return fail("does not exist: give --data a folder of images");
  if (error instanceof Deno.errors.NotADirectory) return fail("is no folder: give --data a folder of images");
  if (error instanceof Deno.errors.PermissionDenied) {
    return fail("may not be read by this user: let it be read and searched (u+rx), or move the folder out of the data");
  }
  const cause = reasonOf(error);
  return fail(`cannot be read (${cause}): check the disk that it is on, or move the folder out of the data`);
}

/** The error for a data file that cannot be read. */
export function fileError(path: string, error: unknown): SluiceError {
  const name = escapeName(path);
  if (isTooManyOpenFiles(error)) return new TooManyOpenFilesError(name, { cause: error });
  const cause = reasonOf(error);
  return new InvalidInputError(`${name} cannot be read (${cause}): see to its permissions, or give another file`, {
    cause: error,
  });
}
