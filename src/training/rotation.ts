/**
 * Views rotated by quarter turns, and the loss of the head that predicts the number of turns.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { type RotationHead, ROTATIONS } from "../models/mod.ts";
import { crossEntropy, mean, rotate } from "../ops/mod.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { Tensor } from "../tensor/mod.ts";

/** The number of quarter turns of each image of a step, 0 to 3, which depends on (seed, step) alone: int32 [count]. */
export function drawTurns(seed: number, step: number, count: number): Int32Array<ArrayBuffer> {
  const random = new RandomStream(seed, Streams.rotation, step);
  return Int32Array.from({ length: count }, () => random.integer(ROTATIONS));
}

/**
 * Rotates each image counter-clockwise by its number of quarter turns.
 *
 * @param view [N, H, H, 3], any element type.
 * @param turns int32 [N], 0 to 3 each.
 * @returns the view's shape and element type, without a gradient.
 * @throws {ShapeError} if the images are not square, or if there is not one number for each.
 */
export function rotated(view: Tensor, turns: Int32Array<ArrayBuffer>): Tensor {
  using numbers = Tensor.from(view.device, turns, [turns.length]);
  return rotate(view, numbers);
}

/**
 * The mean cross-entropy of a head that predicts the number of turns from features.
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
