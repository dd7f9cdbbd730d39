/**
 * Makes the batches of an epoch: the indices of their images, and the parameters of their two views.
 *
 * @module
 */

import { InvalidInputError, MisuseError } from "../errors.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { drawView, type ViewOptions, viewTable } from "./augmentation.ts";
import type { Dataset, ImageSet } from "./dataset.ts";

/** The images of a training step. */
export interface ViewBatch {
  /** int32 [batch]: indices into the training images. */
  readonly indices: Int32Array<ArrayBuffer>;
  /** float32 [batch, AUGMENT_COLUMNS] for view 1 and for view 2, rows as in `indices`. */
  readonly parameters: readonly [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>];
  /** Replaces a row's image by another, with that image's views of the same epoch. */
  replace(row: number, image: number): void;
}

/** This process's place among the processes that share every batch. */
export interface Shard {
  /** The process's rank, from 0. */
  readonly rank: number;
  /** The number of processes. */
  readonly ranks: number;
}

/** How to divide a data set into batches. */
export interface BatchOptions {
  /** Provides the training images and the view recipes. */
  readonly dataset: Dataset;
  /** Images per step, over all ranks. */
  readonly batch: number;
  /** The run's seed. */
  readonly seed: number;
  /**
   * Whether to drop the images after the last whole batch (the default). If not, they make a smaller batch, of at
   * least two images.
   */
  readonly dropLast?: boolean;
  /** The part of every batch to make; the whole batch by default. The number of ranks does not change the batches. */
  readonly shard?: Shard;
}

/** Options of {@linkcode EpochBatches}. */
export interface EpochOptions extends BatchOptions {
  /** The epoch, from 0. */
  readonly epoch: number;
}

/** Batch norm needs at least this many images. */
const SMALLEST_BATCH = 2;

/** Height and width of an image, in pixels. In a set of files each image has its own size. */
export function sourceSize(set: ImageSet, image: number): readonly [height: number, width: number] {
  if (set.kind !== "files") return [set.height, set.width];
  return [set.sizes[2 * image] ?? 0, set.sizes[2 * image + 1] ?? 0];
}

/** Draws two views of each image; a replaced image gets new ones by the same options. */
export function drawPairs(
  indices: Int32Array<ArrayBuffer>,
  options: readonly [first: ViewOptions, second: ViewOptions],
): ViewBatch {
  const parameters = [viewTable(indices, options[0]), viewTable(indices, options[1])] as const;
  return {
    indices,
    parameters,
    replace: (row, image) => {
      indices[row] = image;
      drawView(parameters[0], row, image, options[0]);
      drawView(parameters[1], row, image, options[1]);
    },
  };
}

/** Draws the two views that training images have in an epoch. */
export function drawBatch(
  indices: Int32Array<ArrayBuffer>,
  { dataset: { pretraining, views }, seed, epoch }: Pick<EpochOptions, "dataset" | "seed" | "epoch">,
): ViewBatch {
  const common = { seed, epoch, sizeOf: (image: number) => sourceSize(pretraining, image) };
  return drawPairs(indices, [{ ...common, recipe: views[0], view: 0 }, { ...common, recipe: views[1], view: 1 }]);
}

/**
 * The batches of an epoch, in an order that depends on (seed, epoch). Step k is the same by iteration and by
 * {@linkcode EpochBatches.at}.
 *
 * @example
 * ```ts
 * import { EpochBatches, shapes } from "@sluice/sluice/data";
 *
 * const dataset = shapes.open({ seed: 0, trainImages: 64, testImages: 8 });
 * for (const { indices, parameters } of new EpochBatches({ dataset, batch: 32, seed: 0, epoch: 0 })) {
 *   console.log(indices[0], parameters.length); // an image's index in the data set, two tables of view parameters
 * }
 * ```
 */
export class EpochBatches implements Iterable<ViewBatch> {
  /** The number of steps in the epoch. */
  readonly steps: number;
  readonly #options: EpochOptions;
  readonly #order: Int32Array<ArrayBuffer>;

  /**
   * Shuffles the images of an epoch.
   *
   * @throws {InvalidInputError} If the batch is not a whole number from 1 to the number of training images, or not a
   * multiple of the number of ranks.
   */
  constructor(options: EpochOptions) {
    this.steps = stepsPerEpoch(options);
    this.#options = options;
    const { dataset: { pretraining }, seed, epoch } = options;
    this.#order = new RandomStream(seed, Streams.shuffle, epoch).permutation(pretraining.count);
  }

  /**
   * Draws the batch of a step.
   *
   * @param step 0..steps-1.
   * @throws {MisuseError} if the epoch has no such step.
   */
  at(step: number): ViewBatch {
    if (!Number.isInteger(step) || step < 0 || step >= this.steps) {
      throw new MisuseError(`an epoch of ${this.steps} steps has no step ${step}`);
    }
    return drawBatch(this.#indices(step), this.#options);
  }

  #indices(step: number): Int32Array<ArrayBuffer> {
    const { batch, shard = { rank: 0, ranks: 1 } } = this.#options;
    const whole = this.#order.slice(step * batch, (step + 1) * batch);
    const share = (rank: number) => Math.floor(whole.length * rank / shard.ranks);
    return whole.slice(share(shard.rank), share(shard.rank + 1));
  }

  /** Draws the batches of all steps in order. */
  *[Symbol.iterator](): Generator<ViewBatch> {
    for (let step = 0; step < this.steps; step++) yield this.at(step);
  }
}

/**
 * The number of batches in an epoch: the whole ones, and a smaller last one if it is kept.
 *
 * @throws {InvalidInputError} If the batch is not a whole number from 1 to the number of training images, or not a
 * multiple of the number of ranks.
 */
export function stepsPerEpoch({ dataset, batch, dropLast = true, shard }: Omit<BatchOptions, "seed">): number {
  const { name, pretraining: { count } } = dataset;
  if (!Number.isInteger(batch) || batch < 1) {
    throw new InvalidInputError(`batch ${batch}: give a whole number from 1`);
  }
  if (count < batch) {
    throw new InvalidInputError(
      `batch ${batch} is larger than the ${count} training images of ${name}: give a batch of at most ${count}, or more images`,
    );
  }
  const { rank, ranks } = shard ?? { rank: 0, ranks: 1 };
  if (batch % ranks !== 0 || rank < 0 || rank >= ranks) {
    throw new InvalidInputError(
      `batch ${batch} cannot be divided among ${ranks} ranks (rank ${rank}): give a multiple of ${ranks}`,
    );
  }
  return batchesIn(count, { batch, dropLast, ranks });
}

/**
 * The number of batches in `count` images: the whole ones, and a smaller last one if it is kept and large enough for
 * batch norm.
 */
export function batchesIn(
  count: number,
  { batch, dropLast, ranks = 1 }: { readonly batch: number; readonly dropLast: boolean; readonly ranks?: number },
): number {
  const keepsLast = !dropLast && count % batch >= SMALLEST_BATCH * ranks;
  return Math.floor(count / batch) + Number(keepsLast);
}
