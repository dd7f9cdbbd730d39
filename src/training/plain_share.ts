/**
 * Measures the cost of the gated encoder on plain training images: not augmented, and without noise in the gates.
 *
 * @module
 */
import { maskedShare } from "../budget/mod.ts";
import type { EvaluationImages, ImageRun } from "../data/mod.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { Scope } from "../tensor/mod.ts";
import { type PendingScalars, stackScalars } from "./scalars.ts";
import type { Trainee } from "./trainee.ts";

/** A measurement takes this many runs of neighbouring images, one from each of as many equal parts of the set. */
const RUNS = 50;
/** Images per run. */
const RUN_IMAGES = 5;

/**
 * Draws the runs of images for a measurement. They are spread over the whole set, because a set may be sorted by class,
 * and neighbours alone would give the cost of one class.
 *
 * @param count images of the set.
 * @param turn number of earlier measurements: each measurement draws other images.
 * @returns the first image of each run and the image after its last; a small set is one run.
 */
export function plainRuns(count: number, seed: number, turn: number): readonly ImageRun[] {
  if (count <= RUNS * RUN_IMAGES) return [[0, count]];
  const random = new RandomStream(seed, Streams.plain, turn);
  return Array.from({ length: RUNS }, (_, run) => {
    const [begin, end] = [Math.floor(run * count / RUNS), Math.floor((run + 1) * count / RUNS)];
    const from = begin + random.integer(end - begin - RUN_IMAGES + 1);
    return [from, from + RUN_IMAGES];
  });
}

/**
 * Measures the cost of the gated encoder as a share of the dense cost, on 250 plain images with the norms' running
 * statistics. In f32, as `sluice evaluate` measures it unless another precision is asked for.
 *
 * @param seed seed of the run.
 * @param turn number of earlier measurements.
 * @returns the scalar `share`, on its way to the host.
 */
export function plainShare(
  { network, cost }: Trainee,
  images: EvaluationImages,
  seed: number,
  turn: number,
): PendingScalars {
  using _scope = new Scope();
  const sample = images.gathered(plainRuns(images.set.count, seed, turn));
  const encoder = network.encoderOf("gated");
  const { masks } = encoder.evaluate("gated", sample);
  // The next step changes the weights that these are copies of, and needs the memory.
  encoder.freeCopies();
  return stackScalars(new Map([["share", maskedShare(masks, cost)]])).download();
}
