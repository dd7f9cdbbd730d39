/**
 * The spec of a sweep that takes seconds: a tiny run with two budgets, two modes and two seeds.
 *
 * @module
 */

/**
 * The options of its runs. At the default rate so small a projector diverges for a few seeds. With one thread each, the
 * bits do not depend on the number of runs at a time.
 */
export const tinyBase = `base:
  width: 4
  stem: imagenet
  projector: 16
  batch: 32
  lr: 0.01
  train-images: 96
  test-images: 40
  epochs: 4
  eval-every: 0
  threads: 1
  budget: 0.8
`;

/** A spec of eight runs. */
export const tinySweep = `${tinyBase}grid:
  mode: [gated, dual]
  budget: [0.6, 0.8]
seeds: [0, 1]
`;
