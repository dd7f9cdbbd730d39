/**
 * Explains the operating system's errors on files and folders in a sentence with its remedy.
 *
 * @module
 */

import { constants } from "node:os";
import { InvalidInputError, OPEN_FILES_REMEDY, SluiceError, StorageError } from "../errors.ts";

/** Errors that another path may mend, by the system's code: the reason and the remedy. */
const pathReasons: Readonly<Record<string, string>> = {
  EACCES: "permission is denied; change its permissions or those of a folder above it, or give another path",
  EPERM: "permission is denied; change its permissions or those of a folder above it, or give another path",
  EISDIR: "is a folder; give a file",
  ENOTDIR: "a part of the path is a file, not a folder; check the path",
  ENAMETOOLONG: "the name is too long; give a shorter one",
  ELOOP: "its symbolic links lead back to themselves; give another path, or mend the links",
  ENOENT: "there is no such file or folder; check the path",
  EEXIST: "exists already; give another path, or remove it",
  EROFS: "the file system is read-only; give another path, or make it writable",
  ENOTEMPTY: "is not an empty folder; give another path, or empty it",
  ETXTBSY: "is a running program; give another path",
  ENXIO: "is not a readable file; give another path",
};

/** Errors of the machine, which another path does not mend. */
const machineReasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the device; free some",
  EDQUOT: "the quota of disk space is used up; free some",
  EIO: "the disk reports an error; check it",
  EMFILE: `this process has too many open files; ${OPEN_FILES_REMEDY}`,
  ENFILE: "too many files are open on this machine; close some",
};

/** An error of the operating system, explained. */
export interface SystemReason {
  /** `PATH: reason; remedy`. */
  readonly sentence: string;
  /** The path as it was given, or else as the error names it; null if neither is known. */
  readonly path: string | null;
  /** `reason; remedy`, without the path. */
  readonly reason: string;
  /** Whether another path may mend the error, which means that the request was wrong. */
  readonly isRequest: boolean;
}

/** The system's code of an error, such as `ENOSPC`; empty if the error is not the system's. */
export function systemCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && error.code !== undefined) return String(error.code);
  // Deno gives codes only to common errors. The message of all others contains the number.
  const number = Number(/\(os error (\d+)\)/.exec(error.message)?.[1]);
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? "";
}

/** The path that an error names: a property of Node's errors, the end of the message in Deno's. */
function pathOf(error: Error): string | null {
  const own = "path" in error && typeof error.path === "string" ? error.path : null;
  return own ?? /: \w+ '([^]*)'$/.exec(error.message)?.[1]?.split("' -> '")[0] ?? null;
}

/**
 * Explains an error that a call on a file or folder threw.
 *
 * @param path the path as the user gave it; by default the path that the error names.
 * @returns null if the error is not the operating system's, or not in the tables above.
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

/** An error as one line. It begins with the error's name if neither sluice nor the tables above made the message. */
export function errorLine(error: unknown): string {
  const system = error instanceof SluiceError ? null : describeSystemError(error);
  const kind = error instanceof SluiceError || !(error instanceof Error) ? "" : `${error.name}: `;
  const message = system?.sentence ?? kind + (error instanceof Error ? error.message : String(error));
  return message.replace(/\s*\n\s*/g, " ");
}

/** Why something failed, without a remedy: for messages that add their own. */
export function reasonOf(error: unknown): string {
  const [problem] = describeSystemError(error)?.reason.split("; ") ?? [];
  return problem ?? (error instanceof Error ? error.message : String(error));
}

/**
 * The error to throw if the folder of a run or sweep cannot be made.
 *
 * @param path the value of `--out`.
 * @param error the error that making the folder threw.
 * @returns an {@linkcode InvalidInputError} if another path may mend it, else the error itself.
 */
export function placeError(path: string, error: unknown): unknown {
  const thrown = error instanceof StorageError ? error.cause : error;
  const system = describeSystemError(thrown);
  if (system?.isRequest !== true) return error;
  return new InvalidInputError(`--out ${path}: cannot be made: ${system.sentence}`, { cause: error });
}

/** The reasons why a file cannot be written, by the system's code, with their remedies. */
const writeReasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the device; free some",
  EDQUOT: "the quota of disk space is used up; free some",
  EFBIG: "the file would exceed the size limit; raise the limit (ulimit -f)",
  EROFS: "the file system is read-only; make it writable",
  EACCES: "permission is denied; make the folder writable",
  EPERM: "permission is denied; make the folder writable",
  EIO: "the disk reports an error; check it",
  ENOENT: "its folder does not exist any more; restore it",
};

/** Turns a failure to write `path` into a {@linkcode StorageError} with a remedy; returns any other error unchanged. */
export function storageError(path: string, error: unknown): unknown {
  const reason = writeReasons[systemCode(error)];
  if (reason !== undefined) return new StorageError(`${path}: cannot be written: ${reason}`, { cause: error });
  const system = describeSystemError(error, path);
  return system === null ? error : new StorageError(system.sentence, { cause: error });
}
