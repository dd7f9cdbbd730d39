/**
 * The largest values of each row.
 *
 * @module
 */
import { ShapeError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";
import { expectF32, matrixShape } from "./shapes.ts";

/**
 * The k largest values of each row, in descending order. Ties go to the lower column. No gradient.
 *
 * @param x [R, C] f32.
 * @param k 1..C.
 * @returns the values [R, k] f32 and their columns [R, k] i32.
 * @throws {ShapeError} if k is out of range, or if x is not an f32 matrix.
 */
export function topK(x: Tensor, k: number): { values: Tensor; indices: Tensor } {
  expectF32("topK", x);
  const [rows, columns] = matrixShape("topK", x);
  if (!Number.isInteger(k) || k < 1 || k > columns) throw new ShapeError(`topK: k ${k} is not in 1..${columns}`);
  const values = new Tensor(x.device, [rows, k]);
  const indices = new Tensor(x.device, [rows, k], "i32");
  x.device.kernels.sl_topk(rows, columns, k, x.pointer, values.pointer, indices.pointer);
  return { values, indices };
}
