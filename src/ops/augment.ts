/**
 * Augmented views of stored images.
 *
 * @module
 */
import { constants } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { type DType, Tensor } from "../tensor/mod.ts";
import { imageShape } from "./shapes.ts";

/** Columns of the parameter table: SL_AUGMENT_COLUMNS of the native interface, which describes them. */
export const AUGMENT_COLUMNS: number = constants.SL_AUGMENT_COLUMNS;

/** What becomes of the pixels. */
export interface AugmentOptions {
  /** Height and width of the views. */
  readonly size: readonly [height: number, width: number];
  /** Subtracted from the channels, in 0..1. */
  readonly mean: readonly [number, number, number];
  /** Divides the channels. */
  readonly std: readonly [number, number, number];
  /** Element type of the views, f32 by default. */
  readonly dtype?: DType;
}

/**
 * One view for each row of the table: crop, resize (bicubic), colour jitter, grayscale, blur, solarize, flip, normalise.
 *
 * @param images [M, H, W, 3] u8.
 * @param indices [K] i32, the image of each view.
 * @param parameters [K, AUGMENT_COLUMNS] f32.
 * @returns [K, height, width, 3].
 * @throws {ShapeError} where shapes do not fit, {@linkcode NativeError} on an index or crop outside the images.
 */
export function augment(images: Tensor, indices: Tensor, parameters: Tensor, options: AugmentOptions): Tensor {
  const [count, height, width, channels] = imageShape("augment", images);
  if (images.dtype !== "u8" || channels !== 3) throw new ShapeError("augment: images are not [M, H, W, 3] u8");
  if (indices.dtype !== "i32" || parameters.size !== indices.size * AUGMENT_COLUMNS) {
    throw new ShapeError(
      `augment: parameters [${parameters.shape}] do not fit ${indices.size} ${indices.dtype} indices`,
    );
  }
  const { size, mean, std, dtype = "f32" } = options;
  const y = new Tensor(images.device, [indices.size, size[0], size[1], 3], dtype);
  images.device.kernels.sl_augment(
    y.code,
    count,
    height,
    width,
    indices.size,
    size[0],
    size[1],
    images.pointer,
    indices.pointer,
    parameters.pointer,
    Float32Array.from(mean),
    Float32Array.from(std),
    y.pointer,
  );
  return y;
}
