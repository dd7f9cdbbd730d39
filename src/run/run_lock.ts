/**
 * Keeps two processes from training one run.
 *
 * @module
 */
import { join } from "@std/path";
import { FileLock, type LockState, readLock } from "../formats/mod.ts";

/** The file in a run's folder that the training process locks. */
export const lockName = "lock";

/**
 * Locks a run's folder, as {@linkcode FileLock} does.
 *
 * @returns the lock; disposing of it unlocks the folder.
 * @throws {InvalidInputError} if another process holds the lock, naming that process.
 * @throws {StorageError} if the folder is not writable.
 */
export function lockRun(folder: string): Promise<FileLock> {
  return FileLock.take(join(folder, lockName), folder);
}

/** The process that trains a run now, or null. */
export function readRunLock(folder: string): LockState {
  return readLock(join(folder, lockName));
}
