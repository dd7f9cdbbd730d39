/**
 * Numbers the random streams, one for each use, so that no two uses ever draw the same bits.
 *
 * @module
 */

import { InvalidInputError } from "../errors.ts";

/**
 * Stream numbers by use. They start at 1, so that a bare number never equals a combination from {@linkcode streamOf}.
 * Renumbering changes the results of every seed: only add to the list.
 */
export const Streams = {
  /** Initial weights; the index is the parameter's position in the network. */
  init: 1,
  /** The order of images in an epoch. */
  shuffle: 2,
  /** Parameters of augmented views. */
  augment: 3,
  /** Noise of the gates; the index is the gate's position in the network. */
  gate: 4,
  /** The order of images in an epoch of a linear probe; the index is the probe's. */
  probe: 5,
  /** The images of the synthetic data set; the index is the split. */
  shapes: 6,
  /** Inputs of the self-test's operation cases. */
  selftest: 7,
  /** Quarter turns of views. */
  rotation: 8,
  /** The permutation that gives each image another image's mask; the index is the split. */
  exchange: 9,
  /** Initial weights of an objective's predictor; the index is the parameter's position in it. */
  predictor: 10,
  /** The initial keys of an objective's queues; the index is the queue. */
  queue: 11,
  /** Pixels of the images that check an exported network. */
  exportCheck: 12,
  /** Training images, without augmentation, on which the budget controller measures the share. */
  plain: 13,
  /** The costs that the steps of a run of many budgets train. */
  ladder: 14,
} as const;

/**
 * Combines a use and an index into a single stream number: `stream << 16 | index`.
 *
 * @param stream One of {@linkcode Streams}.
 * @param index 0..65535.
 * @throws {InvalidInputError} If the index does not fit 16 bits.
 */
export function streamOf(stream: number, index: number): number {
  if (!Number.isInteger(index) || index < 0 || index > 0xffff) {
    throw new InvalidInputError(`random stream ${stream} has no index ${index}: use a whole number from 0 to 65535`);
  }
  return ((stream << 16) | index) >>> 0;
}
