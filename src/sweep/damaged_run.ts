/**
 * A run whose files cannot be read: it is shown with its reason, and stands in no other run's way.
 *
 * @module
 */
import { errorLine } from "../formats/mod.ts";

/** A run that is damaged. */
export class DamagedRun {
  /** Made with the reason in a line, which names the file and the remedy if they are known. */
  constructor(readonly reason: string) {}
}

/**
 * What reading a run's files gives. All that goes wrong in it is the run's damage, whatever it is: its files may hold anything, and
 * the other runs are to be read still.
 */
export function orDamaged<T>(read: () => T): T | DamagedRun {
  try {
    return read();
  } catch (error) {
    return new DamagedRun(errorLine(error));
  }
}
