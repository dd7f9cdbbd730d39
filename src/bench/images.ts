/**
 * Random images for benchmarks.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { cast } from "../ops/mod.ts";
import { RandomStream } from "../random/mod.ts";
import { Tensor } from "../tensor/mod.ts";
import { activationType, type Precision } from "../tensor/precision.ts";

/** Height and width of the images in pixels. */
export const IMAGE_SIDE = 32;

/** Normally distributed noise [count, side, side, 3]; the same stream gives the same noise. */
export function randomImages(
  device: Device,
  count: number,
  stream: number,
  precision: Precision,
  side: number = IMAGE_SIDE,
): Tensor {
  const random = new RandomStream(0, stream, 0);
  const values = Float32Array.from({ length: count * side * side * 3 }, () => random.normal());
  const images = Tensor.from(device, values, [count, side, side, 3]);
  const dtype = activationType(precision);
  if (dtype === "f32") return images;
  const rounded = cast(null, images, dtype);
  images[Symbol.dispose]();
  return rounded;
}
