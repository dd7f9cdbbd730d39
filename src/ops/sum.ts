/**
 * Sums along an axis.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { constants } from "../device/mod.ts";
import { Tensor } from "../tensor/mod.ts";

/** The axes and their codes (SL_AXIS_...). */
export const axisCodes = {
  rows: constants.SL_AXIS_ROWS,
  columns: constants.SL_AXIS_COLUMNS,
  all: constants.SL_AXIS_ALL,
} as const;

/** The axis to sum over: `rows` gives [columns], `columns` gives [rows], `all` gives [1]. */
export type SumAxis = keyof typeof axisCodes;

/**
 * y = factor * sum of x over the axis, with x seen as [rows, columns] (columns = its last axis).
 *
 * Gradient: dx = factor * dy, broadcast along the axis.
 *
 * @param x any shape, f32 or bf16.
 * @returns f32.
 */
export function sum(tape: Recorder, x: Tensor, axis: SumAxis, factor = 1): Tensor {
  const { kernels } = x.device;
  const columns = x.shape.at(-1) ?? 1;
  const rows = columns === 0 ? 0 : x.size / columns;
  const code = axisCodes[axis];
  const y = new Tensor(x.device, [{ rows: columns, columns: rows, all: 1 }[axis]]);
  kernels.sl_reduce_sum(code, x.code, rows, columns, factor, x.pointer, y.pointer, 0);
  if (needsGradient(tape, x)) {
    tape.record(y, [], (dy) => {
      tape.accumulate(x, (dx, accumulate) => {
        kernels.sl_broadcast(code, x.code, rows, columns, factor, dy.pointer, dx.pointer, accumulate);
      });
    });
  }
  return y;
}

/** The mean of all elements: [1] f32. */
export function mean(tape: Recorder, x: Tensor): Tensor {
  return sum(tape, x, "all", 1 / x.size);
}
