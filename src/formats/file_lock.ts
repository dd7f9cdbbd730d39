/**
 * Locks on files: one process at a time works where a file says so.
 *
 * The lock is the operating system's: a process that ends, however it does, holds it no more, so no lock is ever stale. The
 * file names the process that holds it: its number, its machine and its start, a line each. Earlier versions wrote the
 * number alone.
 *
 * @module
 */
import process from "node:process";
import { isRunningHere, ownIdentity } from "../machine/process_identity.ts";
import { InvalidInputError, LostFolderError } from "../errors.ts";
import { isPlainFile } from "./plain_file.ts";
import { storageError } from "./write_file.ts";

/** The process that a lock file names, as far as it does. */
export interface LockHolder {
  /** Its number. */
  readonly pid: number | null;
  /** Its machine. */
  readonly host: string | null;
  /** Its start, as {@linkcode ProcessIdentity} has it. */
  readonly start: string | null;
}

/** Who holds a lock. */
export interface LockState {
  /** The process that holds it, or null if none does. */
  readonly holder: LockHolder | null;
  /** Why the file system does not say; null if it does. The holder is then what the file says, if that process is there. */
  readonly noLocks: string | null;
}

/** A file that is locked, as another thread can be told of it. */
export interface LockedFile {
  /** The file. */
  readonly path: string;
  /** What the lock stands for, in messages: a folder, say. */
  readonly label: string;
  /** The file's device and number, which no other file has as long as the lock is held. */
  readonly identity: string;
}

/** Milliseconds between two attempts at a lock. */
const INTERVAL = 50;
/** Attempts before a lock counts as taken: a process that only looks whether it is held has it for a moment. */
const BRIEF_ATTEMPTS = 20;

function identityOf({ dev, ino }: Deno.FileInfo): string {
  return `${dev}:${ino}`;
}

/** The identity of the file at a path; null if there is no file. */
function identityAt(path: string): string | null {
  try {
    const found = Deno.lstatSync(path);
    return found.isFile ? identityOf(found) : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/**
 * Refuses to go on in a folder that another has taken the place of.
 *
 * @throws {LostFolderError} if the file at the path is not the locked one any more.
 */
export function checkLockedFile({ path, label, identity }: LockedFile): void {
  if (identityAt(path) === identity) return;
  throw new LostFolderError(
    `${label}: was removed or replaced while this process worked on it, and nothing more is written there; begin anew in another folder`,
  );
}

function readHolder(path: string): LockHolder {
  const [pid = "", host = "", start = ""] = Deno.readTextFileSync(path).split("\n");
  return {
    pid: /^[1-9]\d{0,9}$/.test(pid) ? Number(pid) : null,
    host: /^[\w.-]{1,255}$/.test(host) ? host : null,
    start: /^\d{1,20}$/.test(start) ? start : null,
  };
}

/** Whether a process that is named in full is on this machine, and there. */
export function isHolderHere({ pid, host, start }: LockHolder): boolean {
  return pid !== null && host !== null && start !== null && isRunningHere({ pid, host, start });
}

/** A holder in words: `process 12`, `process 12 on node7` if that is another machine. */
export function describeHolder({ pid, host }: LockHolder): string {
  const known = pid === null ? "another process" : `process ${pid}`;
  return host === null || host === ownIdentity()?.host ? known : `${known} on ${host}`;
}

/** Tries to lock a file: `held` by another, or why the file system gives no locks. */
function tryLock(file: Deno.FsFile, exclusive: boolean): "locked" | "held" | { readonly noLocks: string } {
  try {
    return file.tryLockSync(exclusive) ? "locked" : "held";
  } catch (error) {
    // Whatever the reason (37, 38, 95 and others are seen), work can be done without a lock.
    return { noLocks: error instanceof Error ? error.message : String(error) };
  }
}

/** Who holds the lock on a file; nobody if it is not there. */
export function readLock(path: string): LockState {
  try {
    if (!isPlainFile(path)) return { holder: null, noLocks: null };
    using file = Deno.openSync(path, { read: true });
    const state = tryLock(file, false);
    if (state === "locked") return { holder: null, noLocks: null };
    const holder = readHolder(path);
    if (state === "held") return { holder, noLocks: null };
    return { holder: isHolderHere(holder) ? holder : null, noLocks: state.noLocks };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { holder: null, noLocks: null };
    throw error;
  }
}

/** Opens a lock file, which is made if it is not there; null if another process was quicker. */
function openLock(path: string): Deno.FsFile | null {
  const isThere = isPlainFile(path);
  try {
    // `createNew` does not follow a link that is put there meanwhile.
    const file = Deno.openSync(path, { read: true, write: true, createNew: !isThere });
    if (identityAt(path) === identityOf(file.statSync())) return file;
    file.close();
    return null;
  } catch (error) {
    if (error instanceof (isThere ? Deno.errors.NotFound : Deno.errors.AlreadyExists)) return null;
    throw storageError(path, error);
  }
}

/** A lock that is held, or on a file system without locks would be. */
export class FileLock implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(
    file: Deno.FsFile,
    /** The locked file. */
    readonly locked: LockedFile,
    /** Why the file system gives no locks; null if it does. */
    readonly noLocks: string | null,
  ) {
    this.#file = file;
  }

  /**
   * Locks a file, which is made if it is not there.
   *
   * On a file system without locks a process of this machine that the file names and that is there counts as the holder; others
   * are not noticed.
   *
   * @param label what the lock stands for, in messages.
   * @throws {InvalidInputError} if another process holds it, or the file is a link or has another name.
   * @throws {StorageError} if the file cannot be written.
   */
  static async take(path: string, label: string): Promise<FileLock> {
    let found: FileLock | LockHolder | null = null;
    for (let attempt = 0; attempt < BRIEF_ATTEMPTS; attempt++) {
      if (attempt > 0) await pause();
      found = FileLock.#attempt(path, label);
      if (found instanceof FileLock) return found;
    }
    const holder = found === null ? "other processes" : describeHolder(found);
    throw new InvalidInputError(`${label}: is in use by ${holder}; wait for it, or stop it`);
  }

  /**
   * Locks a file as {@linkcode FileLock.take} does, once no other process holds it.
   *
   * @param waits told of the process that is waited for, once.
   */
  static async takeWhenFree(
    path: string,
    label: string,
    waits: (holder: LockHolder) => void = () => {},
  ): Promise<FileLock> {
    for (let isTold = false;; await pause()) {
      const found = FileLock.#attempt(path, label);
      if (found instanceof FileLock) return found;
      if (found !== null && !isTold) waits(found);
      isTold ||= found !== null;
    }
  }

  /** The lock, or who holds it; null if the file was replaced meanwhile. */
  static #attempt(path: string, label: string): FileLock | LockHolder | null {
    const file = openLock(path);
    if (file === null) return null;
    using undone = new DisposableStack();
    undone.use(file);
    const found = file.statSync();
    // Signing it would overwrite what the other name stands for.
    if ((found.nlink ?? 1) > 1) throw new InvalidInputError(`${path}: has another name (a hard link); remove it`);
    const state = tryLock(file, true);
    if (state === "held") return readHolder(path);
    const noLocks = state === "locked" ? null : state.noLocks;
    if (noLocks !== null) {
      const holder = readHolder(path);
      if (holder.pid !== process.pid && isHolderHere(holder)) return holder;
    }
    // Whoever held it may have removed it before this process got it.
    if (identityAt(path) !== identityOf(found)) return null;
    sign(file, path);
    undone.move();
    return new FileLock(file, { path, label, identity: identityOf(found) }, noLocks);
  }

  /**
   * As {@linkcode checkLockedFile}, of this file.
   *
   * @throws {LostFolderError} if the file at the path is not this one any more.
   */
  check(): void {
    checkLockedFile(this.locked);
  }

  /** Removes the file, for one that nobody wants kept: others that wait for it make another. */
  remove(): void {
    if (identityAt(this.locked.path) === this.locked.identity) Deno.removeSync(this.locked.path);
  }

  /** Unlocks. Without locks the file then names nobody. */
  [Symbol.dispose](): void {
    try {
      if (this.noLocks !== null) this.#file.truncateSync(0);
    } finally {
      this.#file.close();
    }
  }
}

/** A warning that a file system has no locks, in a line. @param consequence what does not hold without them. */
export function describeNoLocks(path: string, reason: string, consequence: string): string {
  return `${path}: its file system has no locks (${reason}): ${consequence}`;
}

/** A warning that a lock keeps no other process away, in a line; null if it does. */
export function unlockedWarning({ noLocks, locked: { label } }: FileLock): string | null {
  if (noLocks === null) return null;
  return describeNoLocks(label, noLocks, "make sure that no process on another machine works on it, too");
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, INTERVAL));
}

/** Writes into a lock file who holds it. */
function sign(file: Deno.FsFile, path: string): void {
  const own = ownIdentity();
  const lines = own === null ? [process.pid] : [own.pid, own.host, own.start];
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  try {
    // Cut afterwards: who reads it meanwhile finds it signed.
    file.writeSync(bytes);
    file.truncateSync(bytes.length);
  } catch (error) {
    throw storageError(path, error);
  }
}
