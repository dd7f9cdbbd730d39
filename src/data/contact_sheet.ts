/**
 * Draws a contact sheet: images beside their two views, to inspect the augmentation.
 *
 * @module
 */
import type { Picture } from "../formats/mod.ts";
import { augment } from "../ops/mod.ts";
import { Scope } from "../tensor/mod.ts";
import { drawBatch } from "./batches.ts";
import type { Dataset } from "./dataset.ts";
import type { ImageStores } from "./images/mod.ts";

/** The images and views to show. */
export interface ContactSheetOptions {
  /** The number of images, spread evenly over the training images. */
  readonly images: number;
  /** The seed of the views. */
  readonly seed: number;
  /** The epoch whose views are shown. */
  readonly epoch: number;
}

/** Width of the white gaps and border, in pixels. */
const GAP = 2;
/** Small pictures are magnified to about this many pixels. */
const CELL = 96;
/** The columns are: image, view 1, view 2. */
const COLUMNS = 3;

/** Converts values in 0..1 to bytes. */
function bytesOf(values: Float32Array): Uint8Array {
  return Uint8Array.from(values, (value) => value * 255 + 0.5);
}

/** The images as evaluation sees them, converted from normalised values back to bytes. */
function evaluated(stores: ImageStores, shown: Int32Array): Uint8Array {
  const { dataset: { pretraining: set, mean, std } } = stores;
  const images = stores.evaluation(set);
  const bytes = set.height * set.width * 3;
  const column = new Uint8Array(shown.length * bytes);
  shown.forEach((image, row) => {
    using _scope = new Scope();
    const values = images.normalised(image, image + 1).toFloat32();
    const plain = values.map((value, place) => value * (std[place % 3] ?? 1) + (mean[place % 3] ?? 0));
    column.set(bytesOf(plain), row * bytes);
  });
  return column;
}

/** The pixels of the images and of their views, each [images, height, width, 3] in 0..255. */
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

/** Arranges pictures of one size in columns, and magnifies them if they are small. */
function arrange(columns: readonly Uint8Array[], count: number, [height, width]: readonly [number, number]): Picture {
  const scale = Math.max(1, Math.floor(CELL / Math.max(height, width)));
  const [stepX, stepY] = [width * scale + GAP, height * scale + GAP];
  const sheet = { width: COLUMNS * stepX + GAP, height: count * stepY + GAP };
  const pixels = new Uint8Array(sheet.width * sheet.height * 3).fill(255);
  columns.forEach((cells, column) => {
    for (let y = 0; y < count * height * scale; y++) {
      const [image, row] = [Math.floor(y / (height * scale)), Math.floor(y % (height * scale) / scale)];
      const top = GAP + image * stepY + y % (height * scale);
      for (let x = 0; x < width * scale; x++) {
        const from = ((image * height + row) * width + Math.floor(x / scale)) * 3;
        pixels.set(cells.subarray(from, from + 3), (top * sheet.width + GAP + column * stepX + x) * 3);
      }
    }
  });
  return { ...sheet, pixels };
}

/** Chooses `shown` training images, spread evenly. */
function chosenImages({ pretraining: { count } }: Dataset, shown: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: shown }, (_, row) => Math.floor(row * count / shown));
}

/**
 * Draws a row per training image: the image, and its views 1 and 2 in an epoch of a run with the given seed.
 *
 * @throws {NativeError} if the device fails.
 */
export function contactSheet(stores: ImageStores, options: ContactSheetOptions): Picture {
  const { height, width } = stores.dataset.pretraining;
  const shown = chosenImages(stores.dataset, options.images);
  return arrange(columnsOf(stores, shown, options), options.images, [height, width]);
}
