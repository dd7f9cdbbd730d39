/**
 * Views rotated by quarter turns, for a head that tells by how many.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { ShapeError } from "../errors.ts";
import { type RotationHead, ROTATIONS } from "../models/mod.ts";
import { crossEntropy, mean } from "../ops/mod.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { Tensor } from "../tensor/mod.ts";

/** How often each image of a step is turned, 0 to 3 quarters: a function of (seed, step) alone. int32 [count]. */
export function drawTurns(seed: number, step: number, count: number): Int32Array<ArrayBuffer> {
  const random = new RandomStream(seed, Streams.rotation, step);
  return Int32Array.from({ length: count }, () => random.integer(ROTATIONS));
}

/** Where, in an image of a side, the pixel comes from that a quarter turn against the clock puts at (y, x). */
function turnedFrom(turns: number, side: number, y: number, x: number): number {
  const last = side - 1;
  if (turns === 0) return y * side + x;
  if (turns === 1) return x * side + last - y;
  return turns === 2 ? (last - y) * side + last - x : (last - x) * side + y;
}

/**
 * Turns every image by its number of quarters against the clock, as torch.rot90 over height and width does.
 *
 * @param view [N, H, H, 3] of any element type.
 * @param turns int32 [N], 0 to 3 each.
 * @returns as `view`; no gradient flows to it.
 * @throws {ShapeError} where images are not square.
 */
export function rotated(view: Tensor, turns: Int32Array<ArrayBuffer>): Tensor {
  const [count = 0, side = 0, width, channels = 3] = view.shape;
  if (width !== side || turns.length !== count) {
    throw new ShapeError(`rotated: ${turns.length} turns of views of shape [${view.shape}]`);
  }
  const pixels = side * side;
  const from = new Int32Array(count * pixels);
  turns.forEach((turn, image) => {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        from[image * pixels + y * side + x] = image * pixels + turnedFrom(turn, side, y, x);
      }
    }
  });
  const { device } = view;
  using indices = Tensor.from(device, from, [from.length]);
  const y = new Tensor(device, view.shape, view.dtype);
  // Pixels are rows, whatever the shape.
  device.kernels.sl_gather_rows(
    view.code,
    from.length,
    channels,
    from.length,
    view.pointer,
    indices.pointer,
    y.pointer,
  );
  return y;
}

/**
 * The mean cross-entropy of a head that tells turns from features.
 *
 * @param features [N, F] f32.
 * @returns [1] f32.
 */
export function rotationLoss(
  tape: Recorder,
  head: RotationHead,
  features: Tensor,
  turns: Int32Array<ArrayBuffer>,
): Tensor {
  const labels = Tensor.from(features.device, turns, [turns.length]);
  return mean(tape, crossEntropy(tape, head.forward(tape, features), labels));
}
