/**
 * Keeps two processes from training one run.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { InvalidInputError } from "../errors.ts";
import { storageError } from "../formats/mod.ts";

const lockName = "lock";

function openLock(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    throw storageError(path, error);
  }
}

/**
 * Locks a run's folder. The lock is the operating system's, on a file that says who holds it: a process that ends, however it does,
 * holds it no more, so that none is ever stale.
 *
 * @returns disposing of it unlocks.
 * @throws {InvalidInputError} where another process holds it, naming that.
 * @throws {StorageError} where the folder cannot be written to.
 */
export function lockRun(folder: string): Disposable {
  const path = join(folder, lockName);
  const file = openLock(path);
  try {
    if (!file.tryLockSync(true)) {
      const holder = Deno.readTextFileSync(path).trim();
      throw new InvalidInputError(`${folder}: is in use by process ${holder}; wait for it, or stop it`);
    }
    file.truncateSync();
    file.writeSync(new TextEncoder().encode(`${process.pid}\n`));
  } catch (error) {
    file.close();
    throw error;
  }
  return { [Symbol.dispose]: () => file.close() };
}

/** The process that trains a run now, or null where none does. */
export function holderOf(folder: string): string | null {
  const path = join(folder, lockName);
  try {
    using file = Deno.openSync(path, { read: true });
    return file.tryLockSync(false) ? null : Deno.readTextFileSync(path).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
