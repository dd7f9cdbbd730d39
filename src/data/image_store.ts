/**
 * Where the images of a split are for those that compute with them.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { ImageSet } from "./dataset.ts";

/** The images of one batch on the device. */
export interface StoredBatch {
  /** [M, H, W, 3] u8, all images of the split or just these. */
  readonly images: Tensor;
  /** [batch] i32, which of them are the batch; the store's or the scope's, not the caller's to free. */
  readonly rows: Tensor;
}

/** A split of a data set, on the device or on its way there. */
export interface ImageStore extends Disposable {
  /** Where batches go. */
  readonly device: Device;
  /** Number of images. */
  readonly count: number;
  /** The split. */
  readonly set: ImageSet;
  /** The images of a batch. Those of the batch before may be gone. */
  batch(indices: Int32Array<ArrayBuffer>): StoredBatch;
  /** Says which batch is asked for next, so that it can be on its way meanwhile. */
  prefetch(indices: Int32Array<ArrayBuffer>): void;
  /** Images `from` to `to` (exclusive) as the networks see them in evaluation: [to - from, H, W, 3] f32. */
  normalised(from: number, to: number): Tensor;
}
