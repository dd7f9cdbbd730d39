/**
 * Random views of a data set's labelled training images, as training draws them.
 *
 * @module
 */
import {
  type Dataset,
  drawPairs,
  type ImageSet,
  type ImageStores,
  type Labelled,
  sourceSize,
  type StoredView,
  type TrainingImages,
  type ViewBatch,
  type ViewOptions,
} from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { augment } from "../ops/mod.ts";
import { Scope, type Tensor } from "../tensor/mod.ts";
import { ENCODED_BATCH } from "./features.ts";

/** How to draw one of the two views of an image. */
export type DrawnView = Omit<ViewOptions, "sizeOf">;

/** Brings two views of chosen images to the device, because every file is read once for both. */
export class TrainingViews<Set extends ImageSet = Labelled> {
  readonly #images: TrainingImages;
  readonly #stores: ImageStores;

  /**
   * Opens the images a second time, as a source of random views.
   *
   * @throws {OutOfMemoryError} if the images do not fit the device.
   */
  constructor(stores: ImageStores, readonly set: Set) {
    this.#stores = stores;
    this.#images = stores.training(set, ENCODED_BATCH);
  }

  /** The device of the views. */
  get device(): Device {
    return this.#stores.device;
  }

  /** The two view recipes of the data set. */
  get recipes(): Dataset["views"] {
    return this.#stores.dataset.views;
  }

  /**
   * Visits batches of images in order. Readers bring the next batches during a visit.
   *
   * @param batches int32 [N]: the images of each batch, at most 250.
   * @param visit receives two views of each image, [N, H, W, 3] f32 each and normalised, and the batch's number. What
   * it makes is freed after it.
   */
  visit(
    batches: readonly Int32Array<ArrayBuffer>[],
    [first, second]: readonly [DrawnView, DrawnView],
    visit: (views: readonly [Tensor, Tensor], batch: number) => void,
  ): void {
    const sizeOf = (image: number) => sourceSize(this.set, image);
    const drawn = (indices: Int32Array<ArrayBuffer>): ViewBatch =>
      drawPairs(indices, [{ ...first, sizeOf }, { ...second, sizeOf }]);
    const { height, width } = this.set;
    const { mean, std } = this.#stores.dataset;
    const viewOf = ({ images, rows, parameters }: StoredView) =>
      augment(images, rows, parameters, { mean, std, size: [height, width] });
    let begun = 0;
    const beginUpTo = (end: number) => {
      for (const batch of batches.slice(begun, end)) {
        this.#images.begin(drawn(batch));
        begun++;
      }
    };
    batches.forEach((_, batch) => {
      using _scope = new Scope();
      beginUpTo(batch + 1);
      const { views: [one, other] } = this.#images.take();
      beginUpTo(batch + 1 + this.#images.ahead);
      visit([viewOf(one), viewOf(other)], batch);
    });
  }
}
