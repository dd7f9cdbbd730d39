/**
 * Concatenation of tensors by rows, and of scalars to a vector.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { offsetPointer } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { dtypeBytes, Tensor } from "../tensor/mod.ts";
import { expectF32, expectShape, rowSize } from "./shapes.ts";

/**
 * y = the rows of all tensors in order; rows are slices along the first axis.
 *
 * Gradient: each tensor gets its rows of dy.
 *
 * @param tensors one or more tensors [R_k, ...] of one element type that differ in their first axis at most; f32 and
 * bf16 have a gradient.
 * @returns [R_1 + ... + R_K, ...] of their element type.
 * @throws {ShapeError} if the list is empty, or if the other axes or the element types differ.
 */
export function concatRows(tape: Recorder, tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new ShapeError("concatRows: the list is empty: give one tensor or more");
  const { dtype, device: { kernels } } = first;
  const columns = first.shape.slice(1);
  let rows = 0;
  const parts = tensors.map((tensor) => {
    expectShape("concatRows", "a tensor", tensor, [tensor.dim(0), ...columns]);
    if (tensor.dtype !== dtype) {
      throw new ShapeError(`concatRows: the list holds ${tensor.dtype} and ${dtype}: give one element type`);
    }
    const start = rows;
    rows += tensor.dim(0);
    return { tensor, start };
  });
  const y = new Tensor(first.device, [rows, ...columns], dtype);
  const rowBytes = rowSize(y) * dtypeBytes(dtype);
  for (const { tensor, start } of parts) {
    const bytes = tensor.size * dtypeBytes(dtype);
    kernels.sl_copy(null, offsetPointer(y.pointer, start * rowBytes), tensor.pointer, bytes);
  }
  if (needsGradient(tape, ...tensors)) {
    tape.record(y, [], (dy) => {
      for (const { tensor, start } of parts) {
        tape.accumulate(tensor, (dx, accumulate) => {
          kernels.sl_axpby(y.code, tensor.size, 1, offsetPointer(dy.pointer, start * rowBytes), accumulate, dx.pointer);
        });
      }
    });
  }
  return y;
}

/**
 * y[i] = scalars[i]. Gradient: each scalar gets its element of dy.
 *
 * @param scalars one or more tensors [1] f32.
 * @returns [K] f32.
 * @throws {ShapeError} if the list is empty, or if a tensor is not [1] f32.
 */
export function stack(tape: Recorder, scalars: readonly Tensor[]): Tensor {
  if (scalars.length === 0 || !scalars.every(({ shape }) => shape.length === 1 && shape[0] === 1)) {
    throw new ShapeError("stack: give one tensor of shape [1] or more");
  }
  expectF32("stack", ...scalars);
  return concatRows(tape, scalars);
}
