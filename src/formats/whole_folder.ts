/**
 * Makes and removes folders atomically: they are filled and emptied beside their final place.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "@std/path";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import process from "node:process";
import { clearLeftovers, lockPartial } from "./leftovers.ts";
import { createFolder, flushFolder } from "./write_file.ts";

/**
 * The name, without its suffix, under which a folder is filled or emptied. It is hidden, since the folder is
 * incomplete.
 */
function hiddenName(path: string): string {
  return `.${basename(path)}`;
}

function hiddenPath(path: string): string {
  return join(dirname(path), `${hiddenName(path)}.${process.pid}.partial`);
}

/**
 * A temporary folder beside the final place of a new folder. Disposing of it removes it, unless it has been put in
 * place.
 */
export class PartialFolder implements Disposable {
  /** The path of the temporary folder. */
  readonly path: string;
  readonly #place: string;
  readonly #lock: Deno.FsFile;
  #isInPlace = false;

  /**
   * Makes the temporary folder, and the parents of its final place. First removes leftovers of killed processes.
   *
   * @param place the final path of the folder.
   * @throws the operating system's error.
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

  /**
   * Moves the folder to its final place, which must be free or an empty folder.
   *
   * @throws the operating system's error.
   */
  putInPlace(): void {
    flushFolder(this.path);
    renameSync(this.path, this.#place);
    this.#isInPlace = true;
    flushFolder(dirname(this.#place));
  }

  /** Removes the folder, unless it has been put in place. */
  [Symbol.dispose](): void {
    if (!this.#isInPlace) rmSync(this.path, { recursive: true, force: true });
    this.#lock.close();
  }
}

/**
 * Removes a folder with its contents. If the process is killed meanwhile, the path holds the whole folder or
 * nothing.
 */
export function removeFolder(path: string): void {
  const place = resolve(path);
  renameSync(place, hiddenPath(place));
  rmSync(hiddenPath(place), { recursive: true, force: true });
}
