/**
 * Writes pictures as PNG files (ISO/IEC 15948).
 *
 * @module
 */
import { Buffer } from "node:buffer";
// @ts-types="../types/pngjs.d.ts"
import { PNG } from "pngjs";

/** An RGB picture in memory. */
export interface Picture {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** uint8 [height, width, 3], red first. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** Encodes a picture as the bytes of a PNG file; the same picture gives the same bytes. */
export function encodePng({ width, height, pixels }: Picture): Uint8Array<ArrayBuffer> {
  const options = { width, height, colorType: 2, inputColorType: 2, inputHasAlpha: false };
  const png = new PNG(options);
  png.data = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  return Uint8Array.from(PNG.sync.write(png, options));
}
