/**
 * Turns values back into pixels, and arranges pictures on a sheet.
 *
 * @module
 */
import type { Picture } from "../formats/mod.ts";
import type { Dataset } from "./dataset.ts";

/** Width of the white gaps and border of a sheet, in pixels. */
const GAP = 2;

/** Spreads `count` choices evenly over `all`. */
export function spread(count: number, all: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: count }, (_, place) => Math.floor(place * all / count));
}

/** Converts values in 0..1 to bytes, rounded to the nearest. */
export function bytesOf(values: Float32Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(values, (value) => value * 255 + 0.5);
}

/** The values in 0..1 of normalised pixels, red first. */
export function unnormalised(values: Float32Array, { mean, std }: Pick<Dataset, "mean" | "std">): Float32Array {
  return values.map((value, place) => value * (std[place % 3] ?? 1) + (mean[place % 3] ?? 0));
}

/** The size of the pictures on a sheet. */
export interface SheetCells {
  /** Height of each picture in pixels. */
  readonly height: number;
  /** Width of each picture in pixels. */
  readonly width: number;
  /** Smaller pictures are magnified, by a whole number, to at most this many pixels. */
  readonly cell: number;
  /** Further white pixels between the first column and the others; 0 by default. */
  readonly apart?: number;
}

/**
 * Arranges pictures of one size in columns on white.
 *
 * @param columns the columns from left to right, uint8 [count, height, width, 3] each.
 * @param count pictures in each column.
 */
export function arrange(columns: readonly Uint8Array[], count: number, cells: SheetCells): Picture {
  const { height, width, cell, apart = 0 } = cells;
  const scale = Math.max(1, Math.floor(cell / Math.max(height, width)));
  const [stepX, stepY] = [width * scale + GAP, height * scale + GAP];
  const sheet = { width: columns.length * stepX + GAP + apart, height: count * stepY + GAP };
  const pixels = new Uint8Array(sheet.width * sheet.height * 3).fill(255);
  columns.forEach((pictures, column) => {
    const left = GAP + column * stepX + (column === 0 ? 0 : apart);
    for (let y = 0; y < count * height * scale; y++) {
      const [image, row] = [Math.floor(y / (height * scale)), Math.floor(y % (height * scale) / scale)];
      const top = GAP + image * stepY + y % (height * scale);
      for (let x = 0; x < width * scale; x++) {
        const from = ((image * height + row) * width + Math.floor(x / scale)) * 3;
        pixels.set(pictures.subarray(from, from + 3), (top * sheet.width + left + x) * 3);
      }
    }
  });
  return { ...sheet, pixels };
}
