/**
 * Joining of scalars to a vector.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { offsetPointer } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";
import { expectF32 } from "./shapes.ts";

/**
 * y[i] = scalars[i]. Gradient: each scalar gets its element of dy.
 *
 * @param scalars K tensors [1] f32, at least one.
 * @returns [K] f32.
 * @throws {ShapeError} on an empty list or a tensor that is no scalar.
 */
export function stack(tape: Recorder, scalars: readonly Tensor[]): Tensor {
  const [first] = scalars;
  if (first === undefined || !scalars.every((scalar) => scalar.size === 1)) {
    throw new ShapeError("stack: a list of one or more tensors of one value each is needed");
  }
  expectF32("stack", ...scalars);
  const { kernels } = first.device;
  const y = new Tensor(first.device, [scalars.length]);
  scalars.forEach((scalar, index) => {
    kernels.sl_copy(null, offsetPointer(y.pointer, index * 4), scalar.pointer, 4);
  });
  if (needsGradient(tape, ...scalars)) {
    tape.record(y, [], (dy) => {
      scalars.forEach((scalar, index) => {
        tape.accumulate(scalar, (dx, accumulate) => {
          kernels.sl_axpby(y.code, 1, 1, offsetPointer(dy.pointer, index * 4), accumulate, dx.pointer);
        });
      });
    });
  }
  return y;
}
