/**
 * The checkpoint files of a run: their names, how many are kept, and how a new one replaces the last one safely.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, linkSync, lstatSync, readdirSync, readlinkSync, renameSync, rmSync, statSync } from "node:fs";
import { InvalidInputError } from "../errors.ts";
import { clearLeftovers, flushFolder, isPlainFile, storageError, systemCode, writePartial } from "../formats/mod.ts";

const ENDING = ".safetensors";

/** The operations that change files. A test replaces them to stop between any two. */
export interface FileChanges {
  /** Writes a file beside `path`, flushes it, and returns its path. */
  readonly write: (path: string, bytes: Uint8Array) => string;
  /** Makes a hard link to a file under a free name. */
  readonly link: (path: string, name: string) => void;
  /** Renames a file, replacing a file of that name. */
  readonly rename: (path: string, name: string) => void;
  /** Removes a file if it exists. */
  readonly remove: (path: string) => void;
  /** Flushes the names in a folder to the disk. */
  readonly flush: (folder: string) => void;
}

const fileChanges: FileChanges = {
  write: writePartial,
  link: linkSync,
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  flush: flushFolder,
};

/** Errors of a file system without hard links. */
const noLinks = ["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EINVAL"];

/** A new checkpoint, which becomes the last one. */
export interface ArrivingCheckpoint {
  /** How many of the last checkpoints to keep, including this one. */
  readonly kept: number;
  /** Number of epochs done, if the checkpoint is also kept under the name of that epoch; else null. */
  readonly epochs: number | null;
  /** Whether it takes the place of the last one, which is not kept: both are of the same step. False by default. */
  readonly supersedes?: boolean | undefined;
  /** Content of the file. */
  readonly bytes: Uint8Array;
  /**
   * Called with the written file before it takes its place. If it throws, the older checkpoints stay, and the error
   * passes on.
   */
  readonly check: (temporary: string) => void;
}

function isSameFile(path: string, other: string): boolean {
  if (!existsSync(path) || !existsSync(other)) return false;
  const [a, b] = [statSync(path), statSync(other)];
  return a.ino === b.ino && a.dev === b.dev;
}

/**
 * The files in a run's `checkpoints`: `last`, the older `last-1`, `last-2` and so on, and `epoch-NNNN` if some epochs'
 * are kept.
 */
export class CheckpointFiles {
  readonly #files: FileChanges;

  /** The folder need not exist yet. */
  constructor(readonly folder: string, files: FileChanges = fileChanges) {
    this.#files = files;
  }

  /** Path of the last checkpoint, or with `before` of an older one. */
  last(before = 0): string {
    return join(this.folder, `${before === 0 ? "last" : `last-${before}`}${ENDING}`);
  }

  /** Path of the checkpoint of an epoch. */
  epoch(epochs: number): string {
    return join(this.folder, `epoch-${String(epochs).padStart(4, "0")}${ENDING}`);
  }

  /**
   * Puts a new checkpoint in the place of the last one, and moves the older ones one place back unless the new one
   * supersedes the last.
   *
   * The process may be killed and the machine may crash between any two operations. So no file is removed or replaced
   * before its successor is on the disk under its own name, and {@linkcode list} always finds every checkpoint that is
   * to be kept. Surplus files are removed at the end.
   *
   * @throws {StorageError} if there is no room or no permission; the older checkpoints stay.
   */
  replaceLast({ kept, epochs, supersedes = false, bytes, check }: ArrivingCheckpoint): void {
    const path = this.last();
    const temporary = this.#files.write(path, bytes);
    try {
      check(temporary);
      if (epochs !== null) this.#putAsEpoch(temporary, this.epoch(epochs), { bytes, check });
      if (!supersedes) this.#moveBack();
      this.#files.rename(temporary, path);
      this.#files.flush(this.folder);
      this.removeSurplus(kept, path);
    } catch (error) {
      this.#files.remove(temporary);
      throw storageError(path, error);
    }
  }

  /**
   * Links the new checkpoint under the name of its epoch; on a file system without links it is written a second time.
   */
  #putAsEpoch(temporary: string, path: string, { bytes, check }: Pick<ArrivingCheckpoint, "bytes" | "check">): void {
    let second = `${path}${temporary.slice(this.last().length)}`;
    this.#files.remove(second);
    if (!this.#linked(temporary, second)) {
      second = this.#files.write(path, bytes);
      check(second);
    }
    this.#files.rename(second, path);
  }

  /** Moves the older checkpoints one place back, each to a free name, and links the last one as `last-1`. */
  #moveBack(): void {
    // A process that was killed before its checkpoint took its place has already done this.
    if (!existsSync(this.last()) || isSameFile(this.last(), this.last(1))) return;
    let free = 1;
    while (existsSync(this.last(free))) free++;
    for (let before = free - 1; before > 0; before--) this.#files.rename(this.last(before), this.last(before + 1));
    if (!this.#linked(this.last(), this.last(1))) this.#files.rename(this.last(), this.last(1));
  }

  /** Links a file under a second name. Returns false if the file system has no links. */
  #linked(path: string, name: string): boolean {
    try {
      this.#files.link(path, name);
      return true;
    } catch (error) {
      if (noLinks.includes(systemCode(error))) return false;
      throw error;
    }
  }

  /** Removes temporary files of killed processes. Only a process that holds the run's lock may call this. */
  clearLeftovers(): void {
    clearLeftovers(this.folder);
    // The temporary name of earlier versions.
    this.#files.remove(`${this.last()}.new`);
  }

  /**
   * Removes the oldest of the last checkpoints. There is one too many if a process was killed after it had put a new
   * one in place.
   *
   * @param whole a checkpoint that is known to be whole; it is kept.
   */
  removeSurplus(kept: number, whole: string): void {
    const surplus = this.#lasts().slice(kept).map((name) => join(this.folder, name));
    for (const path of surplus) if (path !== whole) this.#files.remove(path);
  }

  /**
   * All checkpoints, latest first.
   *
   * @throws {InvalidInputError} if a checkpoint is a link, or the folder is a dead link: its disk may not be mounted.
   */
  list(): readonly string[] {
    if (!existsSync(this.folder)) this.#refuseMissingDisk();
    const names = [...this.#lasts(), ...this.#placed(/^epoch-(\d+)\.safetensors$/).toReversed()];
    return names.map((name) => join(this.folder, name)).filter((path) => isPlainFile(path));
  }

  #refuseMissingDisk(): void {
    if (lstatSync(this.folder, { throwIfNoEntry: false }) === undefined) return;
    throw new InvalidInputError(
      `${this.folder}: is a link to ${
        readlinkSync(this.folder)
      }, which is not there; mount that disk, or remove the link`,
    );
  }

  /** Names of the last checkpoints, latest first. */
  #lasts(): string[] {
    return this.#placed(/^last(?:-(\d+))?\.safetensors$/);
  }

  /** Names that match a pattern, sorted by the number in the name. */
  #placed(pattern: RegExp): string[] {
    if (!existsSync(this.folder)) return [];
    const found = readdirSync(this.folder).flatMap((name) => {
      const match = pattern.exec(name);
      return match === null ? [] : [{ name, place: Number(match[1] ?? 0) }];
    });
    return found.sort((a, b) => a.place - b.place).map(({ name }) => name);
  }
}
