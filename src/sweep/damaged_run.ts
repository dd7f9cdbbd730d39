/**
 * Marks a run whose files cannot be read, so that the sweep shows the reason and continues with the other runs.
 *
 * @module
 */
import { errorLine } from "../formats/mod.ts";

/** Takes the place of a result that could not be read. */
export class DamagedRun {
  /** Stores the reason: one line that names the file and the remedy if they are known. */
  constructor(readonly reason: string) {}
}

/**
 * Reads a run's files. Any error counts as damage of that run: its files may contain anything, and the other runs must
 * stay readable.
 */
export function orDamaged<T>(read: () => T): T | DamagedRun {
  try {
    return read();
  } catch (error) {
    return new DamagedRun(errorLine(error));
  }
}
