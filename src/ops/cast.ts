/**
 * Conversion between element types.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { type DType, dtypeCode, Tensor } from "../tensor/mod.ts";

/**
 * y = x in another element type: f32 to bf16 rounds to nearest even. Gradient: dy converted back.
 *
 * @param x f32 or bf16; u8 and i32 to f32 without a gradient.
 * @returns x's shape.
 * @throws {NativeError} if there is no conversion between the element types.
 */
export function cast(tape: Recorder, x: Tensor, dtype: DType): Tensor {
  const { kernels } = x.device;
  const y = new Tensor(x.device, x.shape, dtype);
  kernels.sl_cast(x.code, dtypeCode(dtype), x.size, x.pointer, y.pointer);
  if (needsGradient(tape, x)) {
    tape.record(y, [], (dy) => {
      tape.add(x, (dx) => kernels.sl_cast(dtypeCode(dtype), x.code, x.size, dy.pointer, dx.pointer));
    });
  }
  return y;
}
