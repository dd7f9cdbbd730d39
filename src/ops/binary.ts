/**
 * Element-wise arithmetic of two tensors; the second may be broadcast.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { constants } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";
import { expectF32 } from "./shapes.ts";
import { axisCodes } from "./sum.ts";

/** The operations and their codes (SL_BINARY_...). */
export const binaryCodes = {
  add: constants.SL_BINARY_ADD,
  subtract: constants.SL_BINARY_SUBTRACT,
  multiply: constants.SL_BINARY_MULTIPLY,
  divide: constants.SL_BINARY_DIVIDE,
} as const;

/** The name of an arithmetic operation. */
export type BinaryName = keyof typeof binaryCodes;

/** The kinds of broadcast and their codes (SL_BROADCAST_...). */
export const broadcastCodes = {
  none: constants.SL_BROADCAST_NONE,
  row: constants.SL_BROADCAST_ROW,
  column: constants.SL_BROADCAST_COLUMN,
  scalar: constants.SL_BROADCAST_SCALAR,
} as const;

/** The shape of b against a [rows, columns]: `none` [rows, columns], `row` [columns], `column` [rows], `scalar` [1]. */
export type Broadcast = keyof typeof broadcastCodes;

/** The axis over which the gradient of a broadcast b is summed. */
const reducedAxis = { row: axisCodes.rows, column: axisCodes.columns, scalar: axisCodes.all } as const;

function extents(a: Tensor, b: Tensor, broadcast: Broadcast): [rows: number, columns: number] {
  const columns = a.shape.at(-1) ?? 1;
  const rows = columns === 0 ? 0 : a.size / columns;
  const wanted = { none: a.size, row: columns, column: rows, scalar: 1 }[broadcast];
  if (b.size !== wanted) {
    throw new ShapeError(`binary: b of shape [${b.shape}] cannot be broadcast (${broadcast}) against [${a.shape}]`);
  }
  return [rows, columns];
}

/**
 * y = a op b, with a seen as [rows, columns] (columns = its last axis).
 *
 * Gradients: add (dy, dy), subtract (dy, -dy), multiply (dy b, dy a), divide (dy / b, -dy y / b); the gradient of b is
 * summed over the axis along which b was broadcast.
 *
 * @param a any shape, f32.
 * @param b f32, of the shape that `broadcast` asks for.
 * @returns a's shape, f32.
 * @throws {ShapeError} if b does not fit, or if an operand is not f32.
 */
export function binary(tape: Recorder, name: BinaryName, a: Tensor, b: Tensor, broadcast: Broadcast = "none"): Tensor {
  expectF32("binary", a, b);
  const [rows, columns] = extents(a, b, broadcast);
  const { kernels } = a.device;
  const apply = (op: BinaryName, left: Tensor, right: Tensor, how: Broadcast, into: Tensor) =>
    kernels.sl_binary(
      binaryCodes[op],
      broadcastCodes[how],
      a.code,
      rows,
      columns,
      left.pointer,
      right.pointer,
      into.pointer,
    );
  const y = new Tensor(a.device, a.shape, a.dtype);
  apply(name, a, b, broadcast, y);
  if (!needsGradient(tape, a, b)) return y;

  const linearIn = name === "add" || name === "subtract";
  tape.record(y, [], (dy) => {
    tape.accumulate(a, (da, accumulate) => {
      if (linearIn) return kernels.sl_axpby(a.code, a.size, 1, dy.pointer, accumulate, da.pointer);
      using product = new Tensor(a.device, a.shape, a.dtype);
      apply(name, dy, b, broadcast, product);
      kernels.sl_axpby(a.code, a.size, 1, product.pointer, accumulate, da.pointer);
    });
    tape.accumulate(b, (db, accumulate) => {
      using product = new Tensor(a.device, a.shape, a.dtype);
      const sign = name === "subtract" || name === "divide" ? -1 : 1;
      if (!linearIn) apply("multiply", dy, name === "multiply" ? a : y, "none", product);
      if (name === "divide") apply("divide", product, b, broadcast, product);
      const full = linearIn ? dy : product;
      if (broadcast === "none") return kernels.sl_axpby(a.code, a.size, sign, full.pointer, accumulate, db.pointer);
      const axis = reducedAxis[broadcast];
      kernels.sl_reduce_sum(axis, a.code, rows, columns, sign, full.pointer, db.pointer, accumulate);
    });
  });
  return y;
}
