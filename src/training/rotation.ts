/**
 * The quarter turns of views, and the loss of the head that predicts their number.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { type RotationHead, ROTATIONS } from "../models/mod.ts";
import { crossEntropy, mean } from "../ops/mod.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** The number of quarter turns of each image of a step, 0 to 3, which depends on (seed, step) alone: int32 [count]. */
export function drawTurns(seed: number, step: number, count: number): Int32Array<ArrayBuffer> {
  const random = new RandomStream(seed, Streams.rotation, step);
  return Int32Array.from({ length: count }, () => random.integer(ROTATIONS));
}

/**
 * The mean cross-entropy of a head that predicts the number of turns from features.
 *
 * @param features [N, F] f32.
 * @param turns [N] i32, 0 to 3 each.
 * @returns [1] f32.
 */
export function rotationLoss(tape: Recorder, head: RotationHead, features: Tensor, turns: Tensor): Tensor {
  return mean(tape, crossEntropy(tape, head.forward(tape, features), turns));
}
