/**
 * Selection of rows by index.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { ShapeError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";
import { rowSize } from "./shapes.ts";

/**
 * y[i] = x[indices[i]], rows being slices along the first axis.
 *
 * Gradient: dx[indices[i]] += dy[i], in order of i.
 *
 * @param x [R, ...], any element type; only f32 has a gradient.
 * @param indices [K] i32, each in 0..R-1.
 * @returns [K, ...] of x's element type.
 * @throws {ShapeError} if the indices are not a vector of i32.
 * @throws {NativeError} if an index is out of range.
 */
export function gatherRows(tape: Recorder, x: Tensor, indices: Tensor): Tensor {
  if (indices.dtype !== "i32" || indices.shape.length !== 1) {
    throw new ShapeError(`gatherRows: indices are ${indices.dtype} of shape [${indices.shape}], not a vector of i32`);
  }
  const rows = x.dim(0);
  const columns = rowSize(x);
  const y = new Tensor(x.device, [indices.size, ...x.shape.slice(1)], x.dtype);
  const { kernels } = x.device;
  kernels.sl_gather_rows(x.code, rows, columns, indices.size, x.pointer, indices.pointer, y.pointer);
  if (needsGradient(tape, x)) {
    tape.record(y, [], (dy) => {
      tape.accumulate(x, (dx, accumulate) => {
        kernels.sl_scatter_add_rows(
          x.code,
          rows,
          columns,
          indices.size,
          dy.pointer,
          indices.pointer,
          dx.pointer,
          accumulate,
        );
      });
    });
  }
  return y;
}
