/**
 * Max pooling.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { Tensor } from "../tensor/mod.ts";
import { convolvedSize } from "./conv2d.ts";
import { imageShape } from "./shapes.ts";

/**
 * y = maximum of x over square windows; padding counts as minus infinity.
 *
 * Gradient: dy goes to the maximum of its window; ties go to the first element in row order.
 *
 * @param x [N, H, W, C], f32 or bf16.
 * @returns [N, H', W', C], H' = floor((H + 2 padding - kernel) / stride) + 1.
 * @throws {ShapeError} if x is not [N, H, W, C], or if the stride is below 1.
 * @throws {NativeError} if the kernel is above 15, or if the padding is not below the kernel.
 */
export function maxPool(
  tape: Recorder,
  x: Tensor,
  window: { readonly kernel: number; readonly stride: number; readonly padding: number },
): Tensor {
  const [batch, height, width, channels] = imageShape("maxPool", x);
  const { kernel, stride, padding } = window;
  const { kernels } = x.device;
  const shape = [batch, convolvedSize(height, kernel, window), convolvedSize(width, kernel, window), channels];
  const y = new Tensor(x.device, shape, x.dtype);
  const winners = new Tensor(x.device, shape, "u8");
  kernels.sl_max_pool_forward(
    x.code,
    batch,
    height,
    width,
    channels,
    kernel,
    stride,
    padding,
    x.pointer,
    y.pointer,
    winners.pointer,
  );
  if (!needsGradient(tape, x)) {
    winners[Symbol.dispose]();
    return y;
  }
  tape.record(y, [winners], (dy) => {
    tape.accumulate(x, (dx, accumulate) => {
      kernels.sl_max_pool_backward(
        x.code,
        batch,
        height,
        width,
        channels,
        kernel,
        stride,
        padding,
        dy.pointer,
        winners.pointer,
        dx.pointer,
        accumulate,
      );
    });
  });
  return y;
}
