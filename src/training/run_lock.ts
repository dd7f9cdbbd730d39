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

/** Writes into a lock who holds it. */
function signFile(file: Deno.FsFile): void {
  file.truncateSync();
  file.writeSync(new TextEncoder().encode(`${process.pid}\n`));
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
  return lockFile(join(folder, lockName), folder);
}

/**
 * Locks a file, which is made where it is not there, as {@linkcode lockRun} does.
 *
 * @param locked what it stands for, in the message where another process holds it.
 */
export function lockFile(path: string, locked: string): Disposable {
  const file = openLock(path);
  try {
    if (!file.tryLockSync(true)) {
      const holder = Deno.readTextFileSync(path).trim();
      throw new InvalidInputError(`${locked}: is in use by process ${holder}; wait for it, or stop it`);
    }
    signFile(file);
  } catch (error) {
    file.close();
    throw error;
  }
  return { [Symbol.dispose]: () => file.close() };
}

/** Locks a file as {@linkcode lockFile} does, once no other process holds it. */
export async function lockFileWhenFree(path: string): Promise<Disposable> {
  const file = openLock(path);
  try {
    await file.lock(true);
    signFile(file);
  } catch (error) {
    file.close();
    throw error;
  }
  return { [Symbol.dispose]: () => file.close() };
}

/** The process that trains a run now, or null where none does. */
export function holderOf(folder: string): string | null {
  return holderOfFile(join(folder, lockName));
}

/** The process that has locked a file, or null where none has. */
export function holderOfFile(path: string): string | null {
  try {
    using file = Deno.openSync(path, { read: true });
    return file.tryLockSync(false) ? null : Deno.readTextFileSync(path).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
