/**
 * Global average pooling.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { Tensor } from "../tensor/mod.ts";
import { channelShape } from "./shapes.ts";

/**
 * y = mean of x over its pixels. Gradient: dx = dy / pixels at every pixel.
 *
 * @param x [N, H, W, C] or [N, C], f32 or bf16.
 * @returns [N, C] f32.
 * @throws {ShapeError} if x has another number of axes.
 */
export function globalPool(tape: Recorder, x: Tensor): Tensor {
  const [batch, pixels, channels] = channelShape("globalPool", x);
  const { kernels } = x.device;
  const y = new Tensor(x.device, [batch, channels]);
  kernels.sl_global_pool_forward(x.code, batch, pixels, channels, x.pointer, y.pointer);
  if (needsGradient(tape, x)) {
    tape.record(y, [], (dy) => {
      tape.accumulate(x, (dx, accumulate) => {
        kernels.sl_global_pool_backward(x.code, batch, pixels, channels, dy.pointer, dx.pointer, accumulate);
      });
    });
  }
  return y;
}
