/**
 * Checks of shapes and element types that operations share.
 *
 * @module
 */
import { ShapeError } from "../errors.ts";
import { elementCount, type Tensor } from "../tensor/mod.ts";

/** The sizes of images [N, H, W, C]. @throws {ShapeError} if there are not four axes. */
export function imageShape(operation: string, x: Tensor): [number, number, number, number] {
  if (x.shape.length !== 4) throw new ShapeError(`${operation}: shape [${x.shape}] is not [N, H, W, C]`);
  return [x.dim(0), x.dim(1), x.dim(2), x.dim(3)];
}

/** The sizes of a matrix [rows, columns]. @throws {ShapeError} if there are not two axes. */
export function matrixShape(operation: string, x: Tensor): [number, number] {
  if (x.shape.length !== 2) throw new ShapeError(`${operation}: shape [${x.shape}] is not [rows, columns]`);
  return [x.dim(0), x.dim(1)];
}

/** The sizes [N, pixels, C] of images [N, H, W, C], or of rows [N, C] with one pixel each. @throws {ShapeError} */
export function channelShape(operation: string, x: Tensor): [batch: number, pixels: number, channels: number] {
  if (x.shape.length === 2) return [x.dim(0), 1, x.dim(1)];
  const [batch, height, width, channels] = imageShape(operation, x);
  return [batch, height * width, channels];
}

/** Elements of one row, a slice along the first axis. @throws {ShapeError} if there is no axis. */
export function rowSize(x: Tensor): number {
  x.dim(0);
  return elementCount(x.shape.slice(1));
}

/** Checks a shape. @throws {ShapeError} with the operation, the tensor and both shapes, if it differs. */
export function expectShape(operation: string, name: string, tensor: Tensor, shape: readonly number[]): void {
  if (tensor.shape.length !== shape.length || !shape.every((size, axis) => size === tensor.shape[axis])) {
    throw new ShapeError(`${operation}: ${name} has shape [${tensor.shape}], not [${shape}]`);
  }
}

/** Checks that tensors are f32, because native calls without a dtype read f32. @throws {ShapeError} if one is not. */
export function expectF32(operation: string, ...tensors: readonly (Tensor | null)[]): void {
  const other = tensors.find((tensor) => tensor !== null && tensor.dtype !== "f32");
  if (other) {
    throw new ShapeError(`${operation}: a ${other.dtype} tensor of shape [${other.shape}]: f32 is needed`);
  }
}
