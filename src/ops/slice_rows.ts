/**
 * Consecutive rows of a tensor.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { offsetPointer } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { dtypeBytes, Tensor } from "../tensor/mod.ts";
import { rowSize } from "./shapes.ts";

/**
 * y[i] = x[start + i]; rows are slices along the first axis. Gradient: dx[start + i] = dy[i], and 0 in all other rows.
 *
 * @param x [R, ...], any element type; f32 and bf16 have a gradient.
 * @param start the first row, from 0.
 * @param count the number of rows.
 * @returns [count, ...] of x's element type.
 * @throws {ShapeError} if x does not have these rows.
 */
export function sliceRows(tape: Recorder, x: Tensor, start: number, count: number): Tensor {
  const rows = x.dim(0);
  if (!(Number.isInteger(start) && Number.isInteger(count) && start >= 0 && count >= 0 && start + count <= rows)) {
    throw new ShapeError(`sliceRows: ${count} rows from row ${start} are not among the ${rows} of shape [${x.shape}]`);
  }
  const { kernels } = x.device;
  const y = new Tensor(x.device, [count, ...x.shape.slice(1)], x.dtype);
  const bytes = dtypeBytes(x.dtype);
  const offset = start * rowSize(x) * bytes;
  kernels.sl_copy(null, y.pointer, offsetPointer(x.pointer, offset), y.size * bytes);
  if (needsGradient(tape, x)) {
    tape.record(y, [], (dy) => {
      tape.accumulate(x, (dx, accumulate) => {
        if (accumulate === 0) kernels.sl_fill(dx.code, dx.size, 0, dx.pointer);
        kernels.sl_axpby(dx.code, dy.size, 1, dy.pointer, accumulate, offsetPointer(dx.pointer, offset));
      });
    });
  }
  return y;
}
