/**
 * Copies pixels of images in host memory.
 *
 * @module
 */
import type { MemoryImages } from "../dataset.ts";
import type { ViewBatch } from "../batches.ts";
import { type BatchPixels, nothingPending, type PendingPixels } from "./batch_pixels.ts";

/** Copies the pixels when a batch is begun, so there is nothing to wait for. */
export class MemoryPixels implements BatchPixels {
  /** Both views are cropped from the same pixels, on the device. */
  readonly pictures = 1;

  /** Reads a set in memory. */
  constructor(readonly set: MemoryImages) {}

  /** See {@linkcode BatchPixels.begin}. */
  begin({ indices }: ViewBatch, into: Uint8Array<ArrayBuffer>): PendingPixels {
    const { images, height, width } = this.set;
    const bytes = height * width * 3;
    indices.forEach((image, row) => into.set(images.subarray(image * bytes, (image + 1) * bytes), row * bytes));
    return nothingPending;
  }

  /** See {@linkcode BatchPixels.beginEvaluation}. */
  beginEvaluation(from: number, to: number, into: Uint8Array<ArrayBuffer>): PendingPixels {
    const { images, height, width } = this.set;
    const bytes = height * width * 3;
    into.set(images.subarray(from * bytes, to * bytes));
    return nothingPending;
  }
}
