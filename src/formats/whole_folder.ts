/**
 * Folders that appear and disappear at once and whole: they are filled and emptied beside their place.
 *
 * @module
 */
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { clearLeftovers, lockPartial } from "./leftovers.ts";
import { createFolder, flushFolder } from "./write_file.ts";

/** The name beside `path` under which this process fills or empties it: hidden, since it is no finished folder. */
function hiddenName(path: string): string {
  return `.${basename(path)}`;
}

function hiddenPath(path: string): string {
  return join(dirname(path), `${hiddenName(path)}.${process.pid}.partial`);
}

/** A temporary folder beside the place of a new one. Disposing of it removes it, unless it has been put in its place. */
export class PartialFolder implements Disposable {
  /** Where it is now. */
  readonly path: string;
  readonly #place: string;
  readonly #lock: Deno.FsFile;
  #isInPlace = false;

  /**
   * Makes the folder, and the parents of its place. What killed processes left of earlier attempts is removed first.
   *
   * @param place where the folder is to be.
   * @throws the system's error.
   */
  constructor(place: string) {
    this.#place = resolve(place);
    createFolder(dirname(this.#place));
    clearLeftovers(dirname(this.#place), hiddenName(this.#place));
    this.path = hiddenPath(this.#place);
    mkdirSync(this.path);
    this.#lock = Deno.openSync(this.path, { read: true });
    lockPartial(this.#lock);
  }

  /** Puts the folder in its place, which must be free or an empty folder. @throws the system's error. */
  putInPlace(): void {
    flushFolder(this.path);
    renameSync(this.path, this.#place);
    this.#isInPlace = true;
    flushFolder(dirname(this.#place));
  }

  /** Removes the folder, unless it has been put in its place. */
  [Symbol.dispose](): void {
    if (!this.#isInPlace) rmSync(this.path, { recursive: true, force: true });
    this.#lock.close();
  }
}

/** Removes a folder with all that is in it: a process that is killed meanwhile leaves all of it, or none under its name. */
export function removeFolder(path: string): void {
  const place = resolve(path);
  renameSync(place, hiddenPath(place));
  rmSync(hiddenPath(place), { recursive: true, force: true });
}
