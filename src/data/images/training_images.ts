/**
 * What hands a step's images to the device.
 *
 * @module
 */
import type { Tensor } from "../../tensor/mod.ts";
import type { ViewBatch } from "../batches.ts";

/** What one view of a batch is made from by {@linkcode augment}. */
export interface StoredView {
  /** [M, H, W, 3] u8, those of the batch among others perhaps. */
  readonly images: Tensor;
  /** [batch] i32, which of them are the batch. */
  readonly rows: Tensor;
  /** [batch, AUGMENT_COLUMNS] f32. */
  readonly parameters: Tensor;
}

/** A batch as a step takes it. */
export interface StoredBatch {
  /** int32 [batch]: which of the training images these are. */
  readonly indices: Int32Array<ArrayBuffer>;
  /** What its two views are made from. */
  readonly views: readonly [StoredView, StoredView];
}

/** Images of batches on the device, or on their way there. */
export interface TrainingImages extends Disposable {
  /** Batches that may be begun before the present one is taken: 0 where nothing is gained by that. */
  readonly ahead: number;
  /** Begins to bring a batch to the device. @throws {ShapeError} where more are under way than there is room for. */
  begin(batch: ViewBatch): void;
  /**
   * The batch that was begun first and not taken yet; waits until its pixels are on their way. What was taken before may be gone
   * then. Rows and parameters are the scope's.
   */
  take(): StoredBatch;
}
