/**
 * Keeps two processes from training one run.
 *
 * @module
 */
import { join } from "node:path";
import { FileLock, type LockState, readLock } from "../formats/mod.ts";

/** The file in a run's folder that the process which trains the run has locked. */
export const lockName = "lock";

/**
 * Locks a run's folder, as {@linkcode FileLock} does.
 *
 * @returns unlocks when it is disposed of.
 * @throws {InvalidInputError} if another process holds the lock, naming that process.
 * @throws {StorageError} if the folder cannot be written to.
 */
export function lockRun(folder: string): Promise<FileLock> {
  return FileLock.take(join(folder, lockName), folder);
}

/** The process that trains a run now, or null if none does. */
export function readRunLock(folder: string): LockState {
  return readLock(join(folder, lockName));
}
