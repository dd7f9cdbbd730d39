/**
 * Locks files, so that only one process at a time works in a folder.
 *
 * The lock is the operating system's, which releases it when the process ends, even by a crash: a lock is never
 * stale. The file names the holder in three lines: process number, host and start time. Earlier versions wrote only
 * the number.
 *
 * @module
 */
import { rmSync } from "node:fs";
import process from "node:process";
import { isRunningHere, ownIdentity } from "../machine/process_identity.ts";
import { InvalidInputError, LostFolderError } from "../errors.ts";
import { isPlainFile } from "./plain_file.ts";
import { storageError } from "./system_errors.ts";

/** The process that a lock file names. A field is null if the file does not state it. */
export interface LockHolder {
  /** The process number. */
  readonly pid: number | null;
  /** The host name. */
  readonly host: string | null;
  /** The start time, in the units of {@linkcode ProcessIdentity}. */
  readonly start: string | null;
}

/** Whether a file is locked, and by which process. */
export interface LockState {
  /** The process that holds it, or null if none does. */
  readonly holder: LockHolder | null;
  /**
   * Why the file system has no locks; null if it has. Without locks, `holder` is the process that the file names, if
   * it still runs.
   */
  readonly noLocks: string | null;
}

/** A locked file, in a form that can be sent to another thread. */
export interface LockedFile {
  /** The file's path. */
  readonly path: string;
  /** What the lock protects, for messages: a folder, say. */
  readonly label: string;
  /** The file's device and inode numbers, which no other file has as long as the lock is held. */
  readonly identity: string;
}

/** Milliseconds between two attempts to lock. */
const INTERVAL = 50;
/** Attempts before a lock counts as taken: `readLock` of another process holds it for a moment. */
const BRIEF_ATTEMPTS = 20;
/** Bytes of a lock file that are read: more than a process number, a host and a start time take. */
const MOST_HOLDER_BYTES = 512;

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
 * Stops work in a folder that was removed or replaced.
 *
 * @throws {LostFolderError} if the file at the path is no longer the locked one.
 */
export function checkLockedFile({ path, label, identity }: LockedFile): void {
  if (identityAt(path) === identity) return;
  throw new LostFolderError(
    `${label}: was removed or replaced while this process worked on it; nothing more is written there, start again in another folder`,
  );
}

/** Reads the holder from the open file: another process may remove its path at any time. */
function readHolder(file: Deno.FsFile): LockHolder {
  const bytes = new Uint8Array(MOST_HOLDER_BYTES);
  file.seekSync(0, Deno.SeekMode.Start);
  const length = file.readSync(bytes) ?? 0;
  file.seekSync(0, Deno.SeekMode.Start);
  const [pid = "", host = "", start = ""] = new TextDecoder().decode(bytes.subarray(0, length)).split("\n");
  return {
    pid: /^[1-9]\d{0,9}$/.test(pid) ? Number(pid) : null,
    host: /^[\w.-]{1,255}$/.test(host) ? host : null,
    start: /^\d{1,20}$/.test(start) ? start : null,
  };
}

/** Whether the holder is known in full and still runs on this machine. */
export function isHolderHere({ pid, host, start }: LockHolder): boolean {
  return pid !== null && host !== null && start !== null && isRunningHere({ pid, host, start });
}

/** A holder for messages: `process 12`, or `process 12 on node7` if it runs on another machine. */
export function describeHolder({ pid, host }: LockHolder): string {
  const known = pid === null ? "another process" : `process ${pid}`;
  return host === null || host === ownIdentity()?.host ? known : `${known} on ${host}`;
}

/** Tries to lock a file. Returns `held` if another process has the lock, or why the file system has no locks. */
function tryLock(file: Deno.FsFile, exclusive: boolean): "locked" | "held" | { readonly noLocks: string } {
  try {
    return file.tryLockSync(exclusive) ? "locked" : "held";
  } catch (error) {
    // File systems without locks report various errors (37, 38, 95 and others). Work goes on without a lock.
    return { noLocks: error instanceof Error ? error.message : String(error) };
  }
}

/** Reads who holds the lock on a file: nobody if the file does not exist. */
export function readLock(path: string): LockState {
  try {
    if (!isPlainFile(path)) return { holder: null, noLocks: null };
    using file = Deno.openSync(path, { read: true });
    const state = tryLock(file, false);
    if (state === "locked") return { holder: null, noLocks: null };
    const holder = readHolder(file);
    if (state === "held") return { holder, noLocks: null };
    return { holder: isHolderHere(holder) ? holder : null, noLocks: state.noLocks };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { holder: null, noLocks: null };
    throw error;
  }
}

/** Opens a lock file, and creates it if it does not exist; null if another process replaced it meanwhile. */
function openLock(path: string): Deno.FsFile | null {
  const exists = isPlainFile(path);
  try {
    // `createNew` does not follow a link that someone puts there meanwhile.
    const file = Deno.openSync(path, { read: true, write: true, createNew: !exists });
    if (identityAt(path) === identityOf(file.statSync())) return file;
    file.close();
    return null;
  } catch (error) {
    if (error instanceof (exists ? Deno.errors.NotFound : Deno.errors.AlreadyExists)) return null;
    throw storageError(path, error);
  }
}

/**
 * A lock that this process holds until it is disposed of. On a file system without locks, the file only names its
 * holder.
 */
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
   * Locks a file, and creates it if it does not exist.
   *
   * On a file system without locks, a process counts as the holder if the file names it and it still runs on this
   * machine. Holders on other machines go unnoticed.
   *
   * @param label what the lock protects, for messages.
   * @throws {InvalidInputError} if another process holds the lock, or the file is a symbolic link or has a second
   * hard link.
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
   * Locks a file as {@linkcode FileLock.take} does, but waits as long as another process holds it.
   *
   * @param waits called once with the holder if there is one to wait for.
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

  /** Returns the lock, or its holder; null if the file was replaced meanwhile. */
  static #attempt(path: string, label: string): FileLock | LockHolder | null {
    const file = openLock(path);
    if (file === null) return null;
    using undone = new DisposableStack();
    undone.use(file);
    const found = file.statSync();
    // Writing to it would also change the file under its other name.
    if ((found.nlink ?? 1) > 1) throw new InvalidInputError(`${path}: has another name (a hard link); remove it`);
    const state = tryLock(file, true);
    if (state === "held") return readHolder(file);
    const noLocks = state === "locked" ? null : state.noLocks;
    if (noLocks !== null) {
      const holder = readHolder(file);
      if (holder.pid !== process.pid && isHolderHere(holder)) return holder;
    }
    // The previous holder may have removed the file before this process got the lock.
    if (identityAt(path) !== identityOf(found)) return null;
    sign(file, path);
    undone.move();
    return new FileLock(file, { path, label, identity: identityOf(found) }, noLocks);
  }

  /**
   * Stops work in a folder that was removed or replaced; see {@linkcode checkLockedFile}.
   *
   * @throws {LostFolderError} if the file at the path is no longer this one.
   */
  check(): void {
    checkLockedFile(this.locked);
  }

  /** Removes the file, so that none is left behind. Processes that wait for the lock create a new one. */
  remove(): void {
    if (identityAt(this.locked.path) === this.locked.identity) rmSync(this.locked.path, { force: true });
  }

  /** Releases the lock. On a file system without locks, this empties the file. */
  [Symbol.dispose](): void {
    try {
      if (this.noLocks !== null) this.#file.truncateSync(0);
    } finally {
      this.#file.close();
    }
  }
}

/** A one-line warning that a file system has no locks. @param consequence what to expect or to do without locks. */
export function describeNoLocks(path: string, reason: string, consequence: string): string {
  return `${path}: its file system has no locks (${reason}): ${consequence}`;
}

/** A one-line warning if a lock does not keep other processes away; null if it does. */
export function unlockedWarning({ noLocks, locked: { label } }: FileLock): string | null {
  if (noLocks === null) return null;
  return describeNoLocks(label, noLocks, "make sure that no process on another machine works on it, too");
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, INTERVAL));
}

/** Writes this process's identity into a lock file. */
function sign(file: Deno.FsFile, path: string): void {
  const own = ownIdentity();
  const lines = own === null ? [process.pid] : [own.pid, own.host, own.start];
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  try {
    // Truncate afterwards, so that a reader never finds the file empty.
    file.writeSync(bytes);
    file.truncateSync(bytes.length);
  } catch (error) {
    throw storageError(path, error);
  }
}
