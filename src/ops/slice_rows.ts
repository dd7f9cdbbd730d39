/**
 * Some consecutive rows of a tensor.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { offsetPointer } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { dtypeBytes, Tensor } from "../tensor/mod.ts";

/**
 * y[i] = x[start + i], rows being slices along the first axis. Gradient: dx[start + i] = dy[i], 0 in the other rows.
 *
 * @param x [R, ...], f32 or bf16 (any element type where no gradients are wanted).
 * @param start the first row taken, from 0.
 * @param count how many rows are taken.
 * @returns [count, ...] of x's element type.
 * @throws {ShapeError} where x has no such rows.
 */
export function sliceRows(tape: Recorder, x: Tensor, start: number, count: number): Tensor {
  const rows = x.dim(0);
  if (!(Number.isInteger(start) && Number.isInteger(count) && start >= 0 && count >= 0 && start + count <= rows)) {
    throw new ShapeError(`sliceRows: ${count} rows from row ${start} are not among the ${rows} of shape [${x.shape}]`);
  }
  const { kernels } = x.device;
  const y = new Tensor(x.device, [count, ...x.shape.slice(1)], x.dtype);
  const bytes = dtypeBytes(x.dtype);
  const offset = rows === 0 ? 0 : start * (x.size / rows) * bytes;
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
