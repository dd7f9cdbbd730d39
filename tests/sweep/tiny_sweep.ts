/**
 * The spec of a sweep that is over in seconds: two budgets, two modes, two seeds of a tiny run.
 *
 * @module
 */

/** The options of its runs; one thread each, so that the bits do not depend on how many go at a time. */
export const tinyBase = `base:
  width: 4
  stem: imagenet
  projector: 16
  batch: 32
  train-images: 96
  test-images: 40
  epochs: 4
  eval-every: 0
  threads: 1
  budget: 0.8
`;

/** Eight runs. */
export const tinySweep = `${tinyBase}grid:
  mode: [gated, dual]
  budget: [0.6, 0.8]
seeds: [0, 1]
`;
