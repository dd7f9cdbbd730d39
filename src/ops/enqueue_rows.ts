/**
 * A queue of rows, newest first.
 *
 * @module
 */
import { offsetPointer } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { dtypeBytes, type Tensor } from "../tensor/mod.ts";
import { matrixShape } from "./shapes.ts";

/**
 * queue = the first Q rows of (rows, queue) in place: new rows enter at the front and the oldest leave. If there are
 * more new rows than the queue holds, the first Q of them enter. No gradient. (the dictionary of MoCo, He et al. 2020)
 *
 * @param queue [Q, C], any element type.
 * @param rows [K, C] of the queue's element type.
 * @throws {ShapeError} if the columns or the element types differ.
 */
export function enqueueRows(queue: Tensor, rows: Tensor): void {
  const [capacity, columns] = matrixShape("enqueueRows queue", queue);
  const [count, rowColumns] = matrixShape("enqueueRows rows", rows);
  if (rowColumns !== columns || rows.dtype !== queue.dtype) {
    throw new ShapeError(
      `enqueueRows: rows of shape [${rows.shape}] ${rows.dtype} do not fit a queue [${queue.shape}] ${queue.dtype}`,
    );
  }
  const { kernels } = queue.device;
  const rowBytes = columns * dtypeBytes(queue.dtype);
  const entering = Math.min(count, capacity);
  // The queue is shifted as a whole: a ring buffer would be cheaper, but its position would be part of the checkpoint.
  using before = queue.clone();
  kernels.sl_copy(null, queue.pointer, rows.pointer, entering * rowBytes);
  const rest = offsetPointer(queue.pointer, entering * rowBytes);
  kernels.sl_copy(null, rest, before.pointer, (capacity - entering) * rowBytes);
}
