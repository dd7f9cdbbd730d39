/**
 * Joining of tensors: rows to more rows, scalars to a vector.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { offsetPointer } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { dtypeBytes, Tensor } from "../tensor/mod.ts";
import { expectF32, expectShape } from "./shapes.ts";

/**
 * y = the rows of all tensors in order, rows being slices along the first axis. Gradient: each tensor gets its rows of dy.
 *
 * @param tensors K tensors [R_k, ...] that differ in their first axis at most, at least one; all f32 or all bf16 (any element
 * type where no gradients are wanted).
 * @returns [R_1 + ... + R_K, ...] of their element type.
 * @throws {ShapeError} on an empty list, or where the other axes or the element types differ.
 */
export function concatRows(tape: Recorder, tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new ShapeError("concatRows: a list of one or more tensors is needed");
  const { dtype, device: { kernels } } = first;
  const columns = first.shape.slice(1);
  let rows = 0;
  const parts = tensors.map((tensor) => {
    expectShape("concatRows", "a tensor", tensor, [tensor.dim(0), ...columns]);
    if (tensor.dtype !== dtype) {
      throw new ShapeError(`concatRows: a ${tensor.dtype} tensor is to be joined to ${dtype}`);
    }
    const start = rows;
    rows += tensor.dim(0);
    return { tensor, start };
  });
  const y = new Tensor(first.device, [rows, ...columns], dtype);
  const rowBytes = rows === 0 ? 0 : y.size / rows * dtypeBytes(dtype);
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
 * @param scalars K tensors [1] f32, at least one.
 * @returns [K] f32.
 * @throws {ShapeError} on an empty list or a tensor that is no scalar.
 */
export function stack(tape: Recorder, scalars: readonly Tensor[]): Tensor {
  if (scalars.length === 0 || !scalars.every(({ shape }) => shape.length === 1 && shape[0] === 1)) {
    throw new ShapeError("stack: a list of one or more tensors of one value each is needed");
  }
  expectF32("stack", ...scalars);
  return concatRows(tape, scalars);
}
