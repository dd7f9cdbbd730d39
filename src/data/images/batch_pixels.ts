/**
 * The interface by which pixels of batches get into host memory, for every kind of set.
 *
 * @module
 */
import type { ViewBatch } from "../batches.ts";

/** A read of pixels into memory that may still be running. */
export interface PendingPixels {
  /** Whether {@linkcode PendingPixels.wait} would return at once. */
  readonly done: boolean;
  /** Waits until the pixels are in memory. */
  wait(): void;
  /** Waits until nothing writes to the memory any more; its contents are then undefined. */
  abandon(): void;
}

/** Reads the pixels of a set of images into memory. */
export interface BatchPixels {
  /**
   * Pictures per image: 1 if both views are cropped from the same pixels on the device, 2 if each view is cropped
   * while reading.
   */
  readonly pictures: 1 | 2;
  /**
   * Begins to read a batch: uint8 [pictures, batch, height, width, 3]. Waiting for it may replace damaged images in
   * `batch`.
   */
  begin(batch: ViewBatch, into: Uint8Array<ArrayBuffer>): PendingPixels;
  /** Begins to read images `from` to `to` (exclusive), cropped for evaluation: uint8 [to - from, height, width, 3]. */
  beginEvaluation(from: number, to: number, into: Uint8Array<ArrayBuffer>): PendingPixels;
}

/** A read that has already finished. */
export const nothingPending: PendingPixels = { done: true, wait: () => {}, abandon: () => {} };
