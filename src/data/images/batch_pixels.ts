/**
 * How the pixels of batches come into host memory, wherever the images are.
 *
 * @module
 */
import type { ViewBatch } from "../batches.ts";

/** Pixels on their way into memory. */
export interface PendingPixels {
  /** Whether {@linkcode PendingPixels.wait} would wait for nothing. */
  readonly done: boolean;
  /** Waits until the pixels are there. */
  wait(): void;
  /** Waits until nothing writes to the memory any more, whatever is in it. */
  abandon(): void;
}

/** What brings pixels of a set of images into memory. */
export interface BatchPixels {
  /** Pictures of an image: 1 where both views are cut from the same pixels, 2 where each has its own, cut out already. */
  readonly pictures: 1 | 2;
  /** Begins with a batch: uint8 [pictures, batch, height, width, 3]. Once it was waited for, the batch names what is there. */
  begin(batch: ViewBatch, into: Uint8Array<ArrayBuffer>): PendingPixels;
  /** Begins with images `from` to `to` (exclusive) as they are evaluated: uint8 [to - from, height, width, 3]. */
  beginEvaluation(from: number, to: number, into: Uint8Array<ArrayBuffer>): PendingPixels;
}

/** Pixels that are there. */
export const nothingPending: PendingPixels = { done: true, wait: () => {}, abandon: () => {} };
