/**
 * Multiplication by a constant, then addition of a constant.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { Tensor } from "../tensor/mod.ts";

/**
 * y = factor * x + offset. Gradient: dx = factor * dy.
 *
 * @param x any shape, f32 or bf16.
 * @returns x's shape and element type.
 */
export function scale(tape: Recorder, x: Tensor, factor: number, offset = 0): Tensor {
  const { kernels } = x.device;
  const y = Tensor.full(x.device, x.shape, offset, x.dtype);
  kernels.sl_axpby(x.code, x.size, factor, x.pointer, 1, y.pointer);
  if (needsGradient(tape, x)) {
    tape.record(y, [], (dy) => {
      tape.accumulate(x, (dx, accumulate) => {
        kernels.sl_axpby(x.code, x.size, factor, dy.pointer, accumulate, dx.pointer);
      });
    });
  }
  return y;
}
