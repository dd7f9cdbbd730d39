/**
 * The checkpoint files of a run: their names, and which are kept.
 *
 * @module
 */
import { copyFileSync, existsSync, linkSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const ENDING = ".safetensors";

/** A second name for a file, or a second file where the file system has one name a file. */
function linkOrCopy(path: string, other: string): void {
  try {
    linkSync(path, other);
  } catch {
    copyFileSync(path, other);
  }
}

/** The files in a run's `checkpoints`: `last`, before it `last-1`, `last-2` and so on, and `epoch-NNNN` after every so many epochs. */
export class CheckpointFiles {
  /** Files in a folder, which need not be there yet. */
  constructor(readonly folder: string) {}

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
   * @param kept how many there are to be, the new one among them.
   * @param epochs where the new one also stays as that of so many epochs.
   * @param write writes it to the path that it is given.
   */
  replaceLast(kept: number, epochs: number | null, write: (path: string) => void): void {
    // Where the disk is full, what was there stays in its place.
    const arriving = `${this.last()}.new`;
    write(arriving);
    if (epochs !== null) {
      rmSync(this.epoch(epochs), { force: true });
      linkOrCopy(arriving, this.epoch(epochs));
    }
    rmSync(this.last(kept - 1), { force: true });
    for (let before = kept - 2; before >= 0; before--) {
      if (existsSync(this.last(before))) renameSync(this.last(before), this.last(before + 1));
    }
    renameSync(arriving, this.last());
  }

  /** All there are, latest first. */
  list(): readonly string[] {
    if (!existsSync(this.folder)) return [];
    const names = readdirSync(this.folder).filter((name) => name.endsWith(ENDING));
    const places = (pattern: RegExp) =>
      names.flatMap((name) => {
        const found = pattern.exec(name);
        return found === null ? [] : [{ name, place: Number(found[1] ?? 0) }];
      });
    const lasts = places(/^last(?:-(\d+))?\.safetensors$/).toSorted((a, b) => a.place - b.place);
    const epochs = places(/^epoch-(\d+)\.safetensors$/).toSorted((a, b) => b.place - a.place);
    return [...lasts, ...epochs].map(({ name }) => join(this.folder, name));
  }
}
