/**
 * Exponential moving averages.
 *
 * @module
 */
import { ShapeError } from "../errors.ts";
import type { Tensor } from "../tensor/mod.ts";
import { expectShape } from "./shapes.ts";

/**
 * average = momentum * average + (1 - momentum) * value in place. No gradient. With momentum 0 the average is not read,
 * so it may hold anything.
 *
 * @param average any shape, f32 or bf16.
 * @param value the average's shape and element type.
 * @param momentum in 0..1.
 * @throws {ShapeError} if shapes or element types differ.
 */
export function movingAverage(average: Tensor, value: Tensor, momentum: number): void {
  expectShape("movingAverage", "the value", value, average.shape);
  if (value.dtype !== average.dtype) {
    throw new ShapeError(`movingAverage: a ${value.dtype} value cannot enter a ${average.dtype} average`);
  }
  const { device: { kernels }, code, size } = average;
  kernels.sl_axpby(code, size, 1 - momentum, value.pointer, momentum, average.pointer);
}
