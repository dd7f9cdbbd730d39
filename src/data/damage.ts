/**
 * What is to be done about damaged image files.
 *
 * @module
 */
import type { SkippedImage } from "./dataset.ts";

/** The remedy if one damaged file is an error. It applies to a new run as well as to one that was made strict long ago. */
export const STRICT_REMEDY = "remove or mend the file, or begin a run without --strict, which leaves it out";

/** The remedy if not one image is sound. */
export const ALL_DAMAGED_REMEDY = "give other images";

/** Why one file is refused, and how many there are with it. */
export function describeDamage(reason: string, files: number): string {
  return files === 1 ? reason : `${reason}, and ${files - 1} more ${files === 2 ? "file is" : "files are"} damaged`;
}

/** What becomes of a file that turns out to be damaged. */
export interface DamagePolicy {
  /** Whether it is an error. */
  readonly strict: boolean;
  /** Told of each once, if it is no error. */
  readonly skipped: (image: SkippedImage) => void;
}
