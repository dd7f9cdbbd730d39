/**
 * Reports damaged images: names the first ones, and counts all.
 *
 * @module
 */
import type { SkippedImage } from "../../src/data/mod.ts";
import { escapeName } from "../../src/data/names.ts";
import { type OutputOptions, remark } from "./output.ts";

/** Number of damaged images that are named. */
export const NAMED_IMAGES = 10;

/** One line with the path of a damaged image and the reason. */
export function describeSkipped({ path, reason }: SkippedImage): string {
  return `${escapeName(path)}: ${reason}`;
}

/** Names the first {@linkcode NAMED_IMAGES} images that are left out, and counts all of them. */
export class SkippedRemarks {
  #count = 0;

  /** @param output decides whether remarks are written at all. */
  constructor(readonly output: OutputOptions) {}

  /** How many images were left out. */
  get count(): number {
    return this.#count;
  }

  /** Counts an image, and names it if it is among the first. */
  add(image: SkippedImage): void {
    this.#count++;
    if (this.#count <= NAMED_IMAGES) remark(this.output, `left out ${describeSkipped(image)}`);
    else if (this.#count === NAMED_IMAGES + 1) {
      remark(this.output, "more damaged images are left out; from here on they are only counted");
    }
  }

  /** Writes how many images were left out, if any. @param list where to find all of them. */
  conclude(list: string): void {
    if (this.#count === 0) return;
    const images = this.#count === 1 ? "1 damaged image was" : `${this.#count} damaged images were`;
    remark(this.output, `${images} left out; ${list}`);
  }
}
