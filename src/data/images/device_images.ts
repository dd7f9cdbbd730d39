/**
 * Keeps all images of a set on the device.
 *
 * @module
 */
import type { Device } from "../../device/mod.ts";
import { MisuseError } from "../../errors.ts";
import { AUGMENT_COLUMNS } from "../../ops/mod.ts";
import { Tensor, unscoped } from "../../tensor/mod.ts";
import type { ViewBatch } from "../batches.ts";
import type { MemoryImages } from "../dataset.ts";
import { type EvaluationImages, type ImageRun, type Normalisation, normalisedImages } from "./evaluation_images.ts";
import type { Size } from "./frames.ts";
import type { StoredBatch, StoredView, TrainingImages } from "./training_images.ts";

/** A set that is uploaded once, for training and evaluation. */
export class DeviceImages implements EvaluationImages, TrainingImages {
  /** No batches are begun ahead, since only view parameters have to be uploaded. */
  readonly ahead = 0;
  /** [count, H, W, 3] u8. */
  readonly images: Tensor;
  readonly #begun: ViewBatch[] = [];

  /** Uploads the set. @throws {OutOfMemoryError} if it does not fit the device. */
  constructor(readonly device: Device, readonly set: MemoryImages, readonly constants: Normalisation) {
    const { count, height, width, images } = set;
    this.images = unscoped(() => Tensor.from(device, images, [count, height, width, 3]));
  }

  /** See {@linkcode TrainingImages.begin}. */
  begin(batch: ViewBatch): void {
    this.#begun.push(batch);
  }

  /** See {@linkcode TrainingImages.take}. */
  take(): StoredBatch {
    const batch = this.#begun.shift();
    if (batch === undefined) throw new MisuseError("take: no batch was begun");
    const { images, device } = this;
    const { indices, parameters: [first, second] } = batch;
    const count = indices.length;
    const rows = Tensor.from(device, indices, [count]);
    const view = (table: Float32Array<ArrayBuffer>): StoredView => {
      return { images, rows, parameters: Tensor.from(device, table, [count, AUGMENT_COLUMNS]) };
    };
    return { indices, views: [view(first), view(second)] };
  }

  /** See {@linkcode EvaluationImages.normalised}. */
  normalised(from: number, to: number, size?: Size): Tensor {
    return normalisedImages(this.images, [[from, to]], this.constants, size);
  }

  /** See {@linkcode EvaluationImages.gathered}. */
  gathered(runs: readonly ImageRun[]): Tensor {
    return normalisedImages(this.images, runs, this.constants);
  }

  /** Frees the images on the device. */
  [Symbol.dispose](): void {
    this.images[Symbol.dispose]();
  }
}
