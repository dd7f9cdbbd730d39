/**
 * What the operating system's errors on files and folders mean, in a sentence with its remedy.
 *
 * @module
 */

import { constants } from "node:os";
import { InvalidInputError, OPEN_FILES_REMEDY, SluiceError, StorageError } from "../errors.ts";

/** By the system's code: what is wrong with the path, and what to do about it. */
const pathReasons: Readonly<Record<string, string>> = {
  EACCES: "permission is denied; change its permissions or those of a folder above it, or give another path",
  EPERM: "permission is denied; change its permissions or those of a folder above it, or give another path",
  EISDIR: "is a folder; give a file",
  ENOTDIR: "a part of the path is a file, not a folder; check the path",
  ENAMETOOLONG: "the name is too long; give a shorter one",
  ELOOP: "its symbolic links lead back to themselves; give another path, or mend the links",
  ENOENT: "there is no such file or folder; check the path",
  EEXIST: "is there already; give another path, or remove it",
  EROFS: "the file system is read-only; give another path, or make it writable",
  ENOTEMPTY: "is not an empty folder; give another path, or empty it",
  ETXTBSY: "is a program that runs; give another path",
  ENXIO: "is no file that can be read; give another path",
};

/** Errors that another path does not mend: the machine's. */
const machineReasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the device; free some",
  EDQUOT: "the quota of disk space is used up; free some",
  EIO: "the disk reports an error; check it",
  EMFILE: `as many files are open as are allowed; ${OPEN_FILES_REMEDY}`,
  ENFILE: "too many files are open on this machine; close some",
};

/** An error of the operating system in words. */
export interface SystemReason {
  /** `PATH: reason; remedy`. */
  readonly sentence: string;
  /** The path, as it was given or else as the error names it; null if neither does. */
  readonly path: string | null;
  /** The reason and the remedy alone. */
  readonly reason: string;
  /** Whether another path mends it, so that the request was wrong. */
  readonly isRequest: boolean;
}

/** The system's name of an error, `ENOSPC` for one; empty of an error that is not the system's. */
export function systemCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && error.code !== undefined) return String(error.code);
  // Deno names the more common errors only, and of all others says the number.
  const number = Number(/\(os error (\d+)\)/.exec(error.message)?.[1]);
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? "";
}

/** The path that an error names: Node has it as a property, Deno at the message's end. */
function pathOf(error: Error): string | null {
  const own = "path" in error && typeof error.path === "string" ? error.path : null;
  return own ?? /: \w+ '([^]*)'$/.exec(error.message)?.[1]?.split("' -> '")[0] ?? null;
}

/**
 * Describes what a call on a file or folder threw.
 *
 * @param path the path as the person gave it; without it, the path that the error names.
 * @returns null if it is no error of the operating system.
 */
export function describeSystemError(error: unknown, path?: string): SystemReason | null {
  if (!(error instanceof Error)) return null;
  const code = systemCode(error);
  const known = pathReasons[code];
  const reason = known ?? machineReasons[code];
  if (reason === undefined) return null;
  const named = path ?? pathOf(error);
  return {
    sentence: named === null ? reason : `${named}: ${reason}`,
    path: named,
    reason,
    isRequest: known !== undefined,
  };
}

/** An error in a line, with its kind if neither this library nor the table above describes it for people. */
export function errorLine(error: unknown): string {
  const system = error instanceof SluiceError ? null : describeSystemError(error);
  const kind = error instanceof SluiceError || !(error instanceof Error) ? "" : `${error.name}: `;
  const message = system?.sentence ?? kind + (error instanceof Error ? error.message : String(error));
  return message.replace(/\s*\n\s*/g, " ");
}

/** Why something failed, as a part of a sentence that brings its own remedy. */
export function reasonOf(error: unknown): string {
  const [problem] = describeSystemError(error)?.reason.split("; ") ?? [];
  return problem ?? (error instanceof Error ? error.message : String(error));
}

/**
 * What to throw if a run's or sweep's folder cannot be made.
 *
 * @param path as it was given with `--out`.
 * @param error what making it threw.
 * @returns an {@linkcode InvalidInputError} if another path mends it, else the error itself.
 */
export function placeError(path: string, error: unknown): unknown {
  const thrown = error instanceof StorageError ? error.cause : error;
  const system = describeSystemError(thrown);
  if (system?.isRequest !== true) return error;
  return new InvalidInputError(`--out ${path}: cannot be made: ${system.sentence}`, { cause: error });
}
