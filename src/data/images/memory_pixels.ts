/**
 * Pixels of images that lie in host memory.
 *
 * @module
 */
import type { MemoryImages } from "../dataset.ts";
import type { ViewBatch } from "../batches.ts";
import { type BatchPixels, nothingPending, type PendingPixels } from "./batch_pixels.ts";

/** Copies them at once. */
export class MemoryPixels implements BatchPixels {
  /** Views are cut on the device. */
  readonly pictures = 1;

  /** Of a set in memory. */
  constructor(readonly set: MemoryImages) {}

  /** As {@linkcode BatchPixels.begin}. */
  begin({ indices }: ViewBatch, into: Uint8Array<ArrayBuffer>): PendingPixels {
    const { images, height, width } = this.set;
    const bytes = height * width * 3;
    indices.forEach((image, row) => into.set(images.subarray(image * bytes, (image + 1) * bytes), row * bytes));
    return nothingPending;
  }

  /** As {@linkcode BatchPixels.beginEvaluation}. */
  beginEvaluation(from: number, to: number, into: Uint8Array<ArrayBuffer>): PendingPixels {
    const { images, height, width } = this.set;
    const bytes = height * width * 3;
    into.set(images.subarray(from * bytes, to * bytes));
    return nothingPending;
  }
}
