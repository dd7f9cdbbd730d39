/**
 * Pictures as PNG files (ISO/IEC 15948).
 *
 * @module
 */
import { Buffer } from "node:buffer";
// @ts-types="@types/pngjs"
import { PNG } from "pngjs";

/** A picture in memory. */
export interface Picture {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** uint8 [height, width, 3], red first. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** A picture as the bytes of a PNG file; the same picture gives the same bytes. */
export function encodePng({ width, height, pixels }: Picture): Uint8Array<ArrayBuffer> {
  const png = new PNG({ width, height, colorType: 2, inputColorType: 2, inputHasAlpha: false });
  png.data = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const options = { width, height, colorType: 2, inputColorType: 2, inputHasAlpha: false } as const;
  return Uint8Array.from(PNG.sync.write(png, options));
}
