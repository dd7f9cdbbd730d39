/**
 * Remarks on damaged images: the first ones by name, the others by their number.
 *
 * @module
 */
import type { SkippedImage } from "../../src/data/mod.ts";
import { escapeName } from "../../src/data/names.ts";
import { type OutputOptions, remark } from "./output.ts";

/** So many damaged images are named. */
export const NAMED_IMAGES = 10;

/** A damaged image in one line. */
export function describeSkipped({ path, reason }: SkippedImage): string {
  return `${escapeName(path)}: ${reason}`;
}

/** Names the first images that are left out, and counts all of them. */
export class SkippedRemarks {
  #count = 0;

  /** @param output where the remarks go. */
  constructor(readonly output: OutputOptions) {}

  /** How many images were left out. */
  get count(): number {
    return this.#count;
  }

  /** Names an image, unless many were named before it. */
  add(image: SkippedImage): void {
    this.#count++;
    if (this.#count <= NAMED_IMAGES) remark(this.output, `left out ${describeSkipped(image)}`);
    else if (this.#count === NAMED_IMAGES + 1) {
      remark(this.output, "more damaged images are left out; they are counted");
    }
  }

  /** Says how many images were left out, if any were, and where all of them are named. */
  conclude(where: string): void {
    if (this.#count === 0) return;
    const images = this.#count === 1 ? "1 damaged image was" : `${this.#count} damaged images were`;
    remark(this.output, `${images} left out; ${where}`);
  }
}
