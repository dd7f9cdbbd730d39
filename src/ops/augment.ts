/**
 * Augmented views of stored images.
 *
 * @module
 */
import { constants } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { type DType, Tensor } from "../tensor/mod.ts";
import { imageShape } from "./shapes.ts";

/** Number of columns of the parameter table; native/include/sluice.h describes them (SL_AUGMENT_...). */
export const AUGMENT_COLUMNS: number = constants.SL_AUGMENT_COLUMNS;

/** Size, normalisation and element type of the views. */
export interface AugmentOptions {
  /** Height and width of the views. */
  readonly size: readonly [height: number, width: number];
  /** Subtracted from the channels, whose values are in 0..1. */
  readonly mean: readonly [number, number, number];
  /** Divides the channels after the mean is subtracted. */
  readonly std: readonly [number, number, number];
  /** Element type of the views: f32 (default) or bf16. */
  readonly dtype?: DType;
}

/**
 * One view for each row of the table: crop, resize (bicubic), colour jitter, grayscale, blur, solarize, flip,
 * normalise. No gradient.
 *
 * @param images [M, H, W, 3] u8.
 * @param indices [K] i32, the image of each view.
 * @param parameters [K, AUGMENT_COLUMNS] f32.
 * @returns [K, height, width, 3].
 * @throws {ShapeError} if shapes or element types do not fit.
 * @throws {NativeError} if an index or a crop is outside the images.
 */
export function augment(images: Tensor, indices: Tensor, parameters: Tensor, options: AugmentOptions): Tensor {
  const [count, height, width, channels] = imageShape("augment", images);
  if (images.dtype !== "u8" || channels !== 3) {
    throw new ShapeError(`augment: images are ${images.dtype} of shape [${images.shape}]: give u8 [M, H, W, 3]`);
  }
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
