/**
 * Says how to treat damaged image files, and how to report them.
 *
 * @module
 */
import type { SkippedImage } from "./dataset.ts";

/** The remedy if a damaged file is an error. It must suit a new run and a resumed one alike. */
export const STRICT_REMEDY = "remove or repair the file, or start a run without --strict, which skips damaged files";

/** The remedy if all images are damaged. */
export const ALL_DAMAGED_REMEDY = "give other images";

/** The reason why a file is damaged, with the number of further damaged files. */
export function describeDamage(reason: string, files: number): string {
  return files === 1 ? reason : `${reason}, and ${files - 1} more ${files === 2 ? "file is" : "files are"} damaged`;
}

/** How to treat a damaged file. */
export interface DamagePolicy {
  /** Whether a damaged file is an error. */
  readonly strict: boolean;
  /** Called once for each damaged file, unless that is an error. */
  readonly skipped: (image: SkippedImage) => void;
}
