/**
 * Writing of consecutive rows into a tensor.
 *
 * @module
 */
import { offsetPointer } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { dtypeBytes, type Tensor } from "../tensor/mod.ts";
import { rowSize } from "./shapes.ts";

/**
 * target[start + i] = rows[i] in place; rows are slices along the first axis. No gradient.
 *
 * @param target [R, ...], any element type.
 * @param start the first row written, from 0.
 * @param rows [K, ...] of the target's element type; a row has as many elements as the target's, in any shape.
 * @throws {ShapeError} if a row has another size or element type, or if the target has no such rows.
 */
export function writeRows(target: Tensor, start: number, rows: Tensor): void {
  if (rows.dtype !== target.dtype || rowSize(rows) !== rowSize(target)) {
    throw new ShapeError(
      `writeRows: rows of shape [${rows.shape}] ${rows.dtype} do not fit a target [${target.shape}] ${target.dtype}`,
    );
  }
  if (!(Number.isInteger(start) && start >= 0 && start + rows.dim(0) <= target.dim(0))) {
    throw new ShapeError(
      `writeRows: ${rows.dim(0)} rows from row ${start} do not fit a target of shape [${target.shape}]`,
    );
  }
  const bytes = dtypeBytes(target.dtype);
  const into = offsetPointer(target.pointer, start * rowSize(target) * bytes);
  target.device.kernels.sl_copy(null, into, rows.pointer, rows.size * bytes);
}
