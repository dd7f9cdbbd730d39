/**
 * Draws a contact sheet: images beside their two views, to inspect the augmentation.
 *
 * @module
 */
import type { Picture } from "../formats/mod.ts";
import { augment } from "../ops/mod.ts";
import { Scope } from "../tensor/mod.ts";
import { drawBatch } from "./batches.ts";
import type { ImageStores } from "./images/mod.ts";
import { arrange, bytesOf, spread, unnormalised } from "./pictures.ts";

/** The images and views to show. */
export interface ContactSheetOptions {
  /** The number of images, spread evenly over the training images. */
  readonly images: number;
  /** The seed of the views. */
  readonly seed: number;
  /** The epoch whose views are shown. */
  readonly epoch: number;
}

/** Small pictures are magnified to about this many pixels. */
const CELL = 96;

/** The images as evaluation sees them, converted from normalised values back to bytes. */
function evaluated(stores: ImageStores, shown: Int32Array): Uint8Array {
  const { dataset } = stores;
  const { pretraining: set } = dataset;
  const images = stores.evaluation(set);
  const bytes = set.height * set.width * 3;
  const column = new Uint8Array(shown.length * bytes);
  shown.forEach((image, row) => {
    using _scope = new Scope();
    column.set(bytesOf(unnormalised(images.normalised(image, image + 1).toFloat32(), dataset)), row * bytes);
  });
  return column;
}

/** The columns image, view 1 and view 2: each [images, height, width, 3] in 0..255. */
function columnsOf(stores: ImageStores, shown: Int32Array<ArrayBuffer>, options: ContactSheetOptions): Uint8Array[] {
  const { dataset } = stores;
  const { pretraining: set } = dataset;
  using _scope = new Scope();
  const training = stores.training(set, shown.length);
  training.begin(drawBatch(shown, { dataset, ...options }));
  const unchanged = { size: [set.height, set.width], mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const columns = training.take().views.map(({ images, rows, parameters }) => {
    return bytesOf(augment(images, rows, parameters, unchanged).toFloat32());
  });
  return [evaluated(stores, shown), ...columns];
}

/**
 * Draws a row per training image: the image, and its views 1 and 2 in an epoch of a run with the given seed.
 *
 * @throws {NativeError} if the device fails.
 */
export function contactSheet(stores: ImageStores, options: ContactSheetOptions): Picture {
  const { height, width } = stores.dataset.pretraining;
  const shown = spread(options.images, stores.dataset.pretraining.count);
  return arrange(columnsOf(stores, shown, options), options.images, { height, width, cell: CELL });
}
