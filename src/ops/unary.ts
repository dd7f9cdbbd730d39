/**
 * Element-wise functions of one tensor.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { constants } from "../device/mod.ts";
import { Tensor } from "../tensor/mod.ts";

/** The functions and their codes (SL_UNARY_...). */
export const unaryCodes = {
  relu: constants.SL_UNARY_RELU,
  square: constants.SL_UNARY_SQUARE,
  sqrt: constants.SL_UNARY_SQRT,
  exp: constants.SL_UNARY_EXP,
  log: constants.SL_UNARY_LOG,
} as const;

/** The name of a function. */
export type UnaryName = keyof typeof unaryCodes;

/**
 * y = f(x) for every element.
 *
 * Gradients: dx = dy f'(x): relu [x > 0], square 2x, sqrt 1/(2y) (0 at 0), exp y, log 1/x.
 *
 * @param x any shape, f32 or bf16.
 * @returns x's shape and element type.
 */
export function unary(tape: Recorder, name: UnaryName, x: Tensor): Tensor {
  const { kernels } = x.device;
  const code = unaryCodes[name];
  const y = new Tensor(x.device, x.shape, x.dtype);
  kernels.sl_unary(code, x.code, x.size, x.pointer, y.pointer);
  if (needsGradient(tape, x)) {
    tape.record(y, [], (dy) => {
      tape.accumulate(x, (dx, accumulate) => {
        kernels.sl_unary_backward(code, x.code, x.size, x.pointer, y.pointer, dy.pointer, dx.pointer, accumulate);
      });
    });
  }
  return y;
}
