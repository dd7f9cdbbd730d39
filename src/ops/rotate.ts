/**
 * Rotation of square images by quarter turns.
 *
 * @module
 */
import { ShapeError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";
import { imageShape } from "./shapes.ts";

/**
 * Rotates each image counter-clockwise by its own number of quarter turns, as torch.rot90 over height and width.
 * No gradient.
 *
 * @param x [N, H, H, C], any element type.
 * @param turns [N] i32, taken modulo 4.
 * @returns x's shape and element type.
 * @throws {ShapeError} if the images are not square, or if there is not one i32 number for each.
 */
export function rotate(x: Tensor, turns: Tensor): Tensor {
  const [count, side, width, channels] = imageShape("rotate", x);
  if (width !== side) throw new ShapeError(`rotate: images of shape [${x.shape}] are not square`);
  if (turns.dtype !== "i32" || turns.shape.length !== 1 || turns.size !== count) {
    throw new ShapeError(
      `rotate: turns are ${turns.dtype} of shape [${turns.shape}]: give ${count} i32 for images of shape [${x.shape}]`,
    );
  }
  const y = new Tensor(x.device, x.shape, x.dtype);
  x.device.kernels.sl_rotate(x.code, count, side, channels, x.pointer, turns.pointer, y.pointer);
  return y;
}
