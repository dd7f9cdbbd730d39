/**
 * The interface by which a training step gets its images on the device.
 *
 * @module
 */
import type { Tensor } from "../../tensor/mod.ts";
import type { ViewBatch } from "../batches.ts";

/** The inputs from which {@linkcode augment} makes a view of a batch. */
export interface StoredView {
  /** [M, H, W, 3] u8. May contain more images than the batch. */
  readonly images: Tensor;
  /** [batch] i32: the rows of `images` that make up the batch. */
  readonly rows: Tensor;
  /** [batch, AUGMENT_COLUMNS] f32: the view's parameters. */
  readonly parameters: Tensor;
}

/** A batch on the device. */
export interface StoredBatch {
  /** int32 [batch]: indices into the training images. */
  readonly indices: Int32Array<ArrayBuffer>;
  /** The inputs of its two views. */
  readonly views: readonly [StoredView, StoredView];
}

/** Brings batches to the device. */
export interface TrainingImages extends Disposable {
  /** Batches that may be begun before the current one is taken; 0 if that gains nothing. */
  readonly ahead: number;
  /** Begins to bring a batch to the device. @throws {MisuseError} if too many batches are begun already. */
  begin(batch: ViewBatch): void;
  /**
   * Takes the oldest batch that was begun, and waits until its upload is queued. The images of the previous batch are
   * invalid from then on. Rows and parameters belong to the current scope.
   */
  take(): StoredBatch;
}
