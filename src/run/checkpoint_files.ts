/**
 * The checkpoint files of a run: their names, which are kept, and in which order a new one takes its place.
 *
 * @module
 */
import { existsSync, linkSync, lstatSync, readdirSync, readlinkSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError } from "../errors.ts";
import { clearLeftovers, flushFolder, isPlainFile, storageError, systemCode, writePartial } from "../formats/mod.ts";

const ENDING = ".safetensors";

/** What changes files in the folder. A test puts others in their place, to stop between two of them. */
export interface FileChanges {
  /** Writes a file beside `path` and flushes it; gives its path. */
  readonly write: (path: string, bytes: Uint8Array) => string;
  /** Gives a file a second name, which is free. */
  readonly link: (path: string, name: string) => void;
  /** Gives a file another name, in the place of a file that has it. */
  readonly rename: (path: string, name: string) => void;
  /** Removes a file, if it is there. */
  readonly remove: (path: string) => void;
  /** Waits until all names in a folder are on the disk. */
  readonly flush: (folder: string) => void;
}

const fileChanges: FileChanges = {
  write: writePartial,
  link: linkSync,
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  flush: flushFolder,
};

/** Errors of a file system that gives a file no second name. */
const noLinks = ["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EINVAL"];

/** A new last checkpoint. */
export interface ArrivingCheckpoint {
  /** How many last ones are kept, the new one among them. */
  readonly kept: number;
  /** Number of epochs if it also stays as the checkpoint after them; else null. */
  readonly epochs: number | null;
  /** The file. */
  readonly bytes: Uint8Array;
  /** Told of the file before it takes its place; if it throws, that is thrown, and the older checkpoints stay as they are. */
  readonly check: (temporary: string) => void;
}

function isSameFile(path: string, other: string): boolean {
  if (!existsSync(path) || !existsSync(other)) return false;
  const [a, b] = [statSync(path), statSync(other)];
  return a.ino === b.ino && a.dev === b.dev;
}

/** The files in a run's `checkpoints`: `last`, before it `last-1`, `last-2` and so on, and `epoch-NNNN` after every so many epochs. */
export class CheckpointFiles {
  readonly #files: FileChanges;

  /** Files in a folder, which need not be there yet. */
  constructor(readonly folder: string, files: FileChanges = fileChanges) {
    this.#files = files;
  }

  /** Path of the last checkpoint, or of one before it. */
  last(before = 0): string {
    return join(this.folder, `${before === 0 ? "last" : `last-${before}`}${ENDING}`);
  }

  /** Path of the checkpoint after so many epochs. */
  epoch(epochs: number): string {
    return join(this.folder, `epoch-${String(epochs).padStart(4, "0")}${ENDING}`);
  }

  /**
   * Puts a new last checkpoint in place, those before it moving one place back.
   *
   * A process may be killed and a machine may go down between any two steps: no file is removed or replaced before its successor has its
   * name and is on the disk, so that every checkpoint to be kept is under a name that {@linkcode list} finds. Only files beyond those
   * are removed, at the end.
   *
   * @throws {StorageError} if there is no room or no permission; the older checkpoints stay.
   */
  replaceLast({ kept, epochs, bytes, check }: ArrivingCheckpoint): void {
    const path = this.last();
    const temporary = this.#files.write(path, bytes);
    try {
      check(temporary);
      if (epochs !== null) this.#putAsEpoch(temporary, this.epoch(epochs), { bytes, check });
      this.#moveBack();
      this.#files.rename(temporary, path);
      this.#files.flush(this.folder);
      this.removeSurplus(kept, path);
    } catch (error) {
      this.#files.remove(temporary);
      throw storageError(path, error);
    }
  }

  /** Gives the new checkpoint a second name, or if the file system has no such thing writes it a second time. */
  #putAsEpoch(temporary: string, path: string, { bytes, check }: Pick<ArrivingCheckpoint, "bytes" | "check">): void {
    let second = `${path}${temporary.slice(this.last().length)}`;
    this.#files.remove(second);
    if (!this.#linked(temporary, second)) {
      second = this.#files.write(path, bytes);
      check(second);
    }
    this.#files.rename(second, path);
  }

  /** Frees the place behind the last checkpoint, and puts it there under a second name. Every file moves to a name that is free. */
  #moveBack(): void {
    // A process that was killed before its checkpoint took the place has done this already.
    if (!existsSync(this.last()) || isSameFile(this.last(), this.last(1))) return;
    let free = 1;
    while (existsSync(this.last(free))) free++;
    for (let before = free - 1; before > 0; before--) this.#files.rename(this.last(before), this.last(before + 1));
    if (!this.#linked(this.last(), this.last(1))) this.#files.rename(this.last(), this.last(1));
  }

  /** Gives a file a second name; false if the file system has no such thing. */
  #linked(path: string, name: string): boolean {
    try {
      this.#files.link(path, name);
      return true;
    } catch (error) {
      if (noLinks.includes(systemCode(error))) return false;
      throw error;
    }
  }

  /** Removes what killed processes left half-written; only a process that holds the run's lock may do this. */
  clearLeftovers(): void {
    clearLeftovers(this.folder);
    // Earlier versions wrote under this name.
    this.#files.remove(`${this.last()}.new`);
  }

  /**
   * Removes the oldest of the last checkpoints: there is one too many if a process was killed between putting a new one in its place and
   * this.
   *
   * @param whole a checkpoint known to be whole, which is not removed.
   */
  removeSurplus(kept: number, whole: string): void {
    const surplus = this.#lasts().slice(kept).map((name) => join(this.folder, name));
    for (const path of surplus) if (path !== whole) this.#files.remove(path);
  }

  /**
   * All there are, latest first.
   *
   * @throws {InvalidInputError} if one is a link, or the folder is a link to a folder that is not there: a disk may be missing.
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

  /** Names that match a pattern, in the order of the number in them. */
  #placed(pattern: RegExp): string[] {
    if (!existsSync(this.folder)) return [];
    const found = readdirSync(this.folder).flatMap((name) => {
      const match = pattern.exec(name);
      return match === null ? [] : [{ name, place: Number(match[1] ?? 0) }];
    });
    return found.sort((a, b) => a.place - b.place).map(({ name }) => name);
  }
}
