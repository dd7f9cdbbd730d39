/**
 * Repetition of each column of a matrix.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { ShapeError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";
import { expectF32, matrixShape } from "./shapes.ts";
import { axisCodes } from "./sum.ts";

/**
 * y[i, count * j + k] = x[i, j] for k in 0..count-1: each column stands `count` times in a row.
 *
 * Gradient: dx[i, j] = sum over k of dy[i, count * j + k], in f64 and in a fixed order, then rounded to f32.
 *
 * @param x [N, G] f32.
 * @param count how often each column is repeated, 1 or more.
 * @returns [N, G * count] f32.
 * @throws {ShapeError} if x is not an f32 matrix, or if count is not a whole number from 1 on.
 */
export function repeatColumns(tape: Recorder, x: Tensor, count: number): Tensor {
  expectF32("repeatColumns", x);
  const [rows, columns] = matrixShape("repeatColumns", x);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new ShapeError(`repeatColumns: columns cannot be repeated ${count} times: give a whole number from 1 on`);
  }
  const { kernels } = x.device;
  const y = new Tensor(x.device, [rows, columns * count]);
  // y seen as [rows * columns, count] has one element of x in each row.
  kernels.sl_broadcast(axisCodes.columns, y.code, x.size, count, 1, x.pointer, y.pointer, 0);
  if (needsGradient(tape, x)) {
    tape.record(y, [], (dy) => {
      tape.accumulate(x, (dx, accumulate) => {
        kernels.sl_reduce_sum(axisCodes.columns, dy.code, x.size, count, 1, dy.pointer, dx.pointer, accumulate);
      });
    });
  }
  return y;
}
