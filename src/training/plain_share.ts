/**
 * What the gated encoder costs on training images as they are evaluated.
 *
 * @module
 */
import { costShare, openness } from "../budget/mod.ts";
import type { EvaluationImages } from "../data/mod.ts";
import { concatRows } from "../ops/mod.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { Scope } from "../tensor/mod.ts";
import { downloadScalars, type PendingScalars } from "./scalars.ts";
import type { Trainee } from "./trainee.ts";

/** Runs of neighbouring images that are looked at each time, one in each of as many equal parts of the set. */
const RUNS = 50;
/** Images of a run. */
const RUN_IMAGES = 5;

/**
 * Where runs of images begin, drawn anew each time. They are spread over the whole set: where it lies in the order of its classes,
 * neighbours alone would tell what one class costs.
 *
 * @param count images of the set.
 * @param turn how often it was asked before.
 * @returns first image and image after the last of each run; of a small set the whole.
 */
export function plainRuns(count: number, seed: number, turn: number): readonly (readonly [from: number, to: number])[] {
  if (count <= RUNS * RUN_IMAGES) return [[0, count]];
  const random = new RandomStream(seed, Streams.plain, turn);
  return Array.from({ length: RUNS }, (_, run) => {
    const [begin, end] = [Math.floor(run * count / RUNS), Math.floor((run + 1) * count / RUNS)];
    const from = begin + random.integer(end - begin - RUN_IMAGES + 1);
    return [from, from + RUN_IMAGES];
  });
}

/**
 * The share of the dense network's cost, on its way to the host: of 250 images, plain, without noise, by running statistics.
 *
 * @param seed the run's.
 * @param turn how often it was asked before: each time other images are looked at.
 */
export function plainShare(
  { network, cost }: Trainee,
  images: EvaluationImages,
  seed: number,
  turn: number,
): PendingScalars {
  using _scope = new Scope();
  const runs = plainRuns(images.set.count, seed, turn).map(([from, to]) => images.normalised(from, to));
  const encoder = network.encoderOf("gated");
  const { masks } = encoder.evaluate("gated", concatRows(null, runs));
  // The next step, which needs their memory, changes the weights.
  encoder.freeCopies();
  return downloadScalars(new Map([["share", costShare(null, openness(null, masks, cost).terms, cost)]]));
}
