/**
 * Images beside their two views, for people to look at.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import type { Picture } from "../formats/mod.ts";
import { augment, AUGMENT_COLUMNS } from "../ops/mod.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import { identityTable, viewTable } from "./augmentation.ts";
import type { Dataset } from "./dataset.ts";

/** Which images are shown, and how. */
export interface ContactSheetOptions {
  /** How many: the first so many training images. */
  readonly images: number;
  /** Seed of the views. */
  readonly seed: number;
  /** Epoch whose views are shown. */
  readonly epoch: number;
}

/** Pixels between two pictures, white as is the border. */
const GAP = 2;
/** Small pictures are magnified to about so many pixels. */
const CELL = 96;
/** Columns: the image, view 1, view 2. */
const COLUMNS = 3;

/** The pixels of the images and of their views, each [images, height, width, 3] in 0..255. */
function columnsOf(
  device: Device,
  dataset: Dataset,
  { images: count, seed, epoch }: ContactSheetOptions,
): Uint8Array[] {
  const { train: { height, width, images }, views } = dataset;
  using _scope = new Scope();
  const source = Tensor.from(device, images.slice(0, count * height * width * 3), [count, height, width, 3]);
  const shown = Int32Array.from({ length: count }, (_, image) => image);
  const indices = Tensor.from(device, shown, [count]);
  const size = [height, width] as const;
  const unchanged = { size, mean: [0, 0, 0], std: [1, 1, 1] } as const;
  return Array.from({ length: COLUMNS }, (_, column) => {
    const [recipe, view] = [views[column - 1], column - 1];
    const table = recipe === undefined
      ? identityTable(count, size)
      : viewTable(shown, { recipe, seed, epoch, view, size });
    const parameters = Tensor.from(device, table, [count, AUGMENT_COLUMNS]);
    return Uint8Array.from(augment(source, indices, parameters, unchanged).toFloat32(), (value) => value * 255 + 0.5);
  });
}

/**
 * Draws the first training images in rows, each with view 1 and view 2 as an epoch of a run with that seed sees them.
 *
 * @throws {NativeError} where the device fails.
 */
export function contactSheet(device: Device, dataset: Dataset, options: ContactSheetOptions): Picture {
  const { height, width } = dataset.train;
  const scale = Math.max(1, Math.floor(CELL / Math.max(height, width)));
  const [stepX, stepY] = [width * scale + GAP, height * scale + GAP];
  const sheet = { width: COLUMNS * stepX + GAP, height: options.images * stepY + GAP };
  const pixels = new Uint8Array(sheet.width * sheet.height * 3).fill(255);
  columnsOf(device, dataset, options).forEach((cells, column) => {
    for (let y = 0; y < options.images * height * scale; y++) {
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
