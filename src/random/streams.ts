/**
 * The numbers of sluice's random streams: who draws from which, so that no two draws ever share bits.
 *
 * @module
 */

import { InvalidInputError } from "../errors.ts";

/**
 * Stream numbers by use. They start at 1, so that a bare number never equals a combination made by {@linkcode streamOf}.
 * A number is part of what a run's seed means: add to the list, do not renumber.
 */
export const Streams = {
  /** Initial weights; the index is the parameter's place in the network. */
  init: 1,
  /** The order of images in an epoch. */
  shuffle: 2,
  /** Parameters of augmented views. */
  augment: 3,
  /** Noise of the gates; the index is the gate's place in the network. */
  gate: 4,
  /** The order of images in an epoch of a linear probe; the index is that of the probe. */
  probe: 5,
  /** The images of the synthetic data set; the index is the split. */
  shapes: 6,
  /** Inputs of the self-test's operation cases. */
  selftest: 7,
  /** Quarter turns of views. */
  rotation: 8,
  /** Which image is given whose mask; the index is the split. */
  exchange: 9,
  /** Initial weights of an objective's predictor; the index is the parameter's place in it. */
  predictor: 10,
  /** The keys that an objective's queues begin with; the index is the queue. */
  queue: 11,
  /** Pixels of the images that an exported network is checked on. */
  exportCheck: 12,
  /** Training images that the budget's controller looks at, as they are evaluated. */
  plain: 13,
} as const;

/**
 * One stream number out of a use and an index below it: `stream << 16 | index`.
 *
 * @param stream One of {@linkcode Streams}.
 * @param index 0..65535.
 * @throws {InvalidInputError} Where the index does not fit 16 bits.
 */
export function streamOf(stream: number, index: number): number {
  if (!Number.isInteger(index) || index < 0 || index > 0xffff) {
    throw new InvalidInputError(`random stream ${stream} has no index ${index}: use a whole number from 0 to 65535`);
  }
  return ((stream << 16) | index) >>> 0;
}
