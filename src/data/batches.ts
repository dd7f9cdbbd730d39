/**
 * The batches of an epoch: which images, and the parameters of their two views.
 *
 * @module
 */

import { InvalidInputError, ShapeError } from "../errors.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { drawView, viewTable } from "./augmentation.ts";
import type { Dataset, ImageSet } from "./dataset.ts";
import type { ViewRecipe } from "./view_recipe.ts";

/** One training step's images. */
export interface ViewBatch {
  /** int32 [batch]: indices into the training images. */
  readonly indices: Int32Array<ArrayBuffer>;
  /** float32 [batch, AUGMENT_COLUMNS] for view 1 and for view 2, rows as in `indices`. */
  readonly parameters: readonly [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>];
  /** Puts another image into a row, with that image's views of the epoch. */
  replace(row: number, image: number): void;
}

/** One of several processes that share every batch. */
export interface Shard {
  /** Which, from 0. */
  readonly rank: number;
  /** How many there are. */
  readonly ranks: number;
}

/** How a data set becomes batches. */
export interface BatchOptions {
  /** Its training images and view recipes are used. */
  readonly dataset: Dataset;
  /** Images a step, of all ranks together. */
  readonly batch: number;
  /** The run's seed. */
  readonly seed: number;
  /** Whether images that are left over after the last whole batch are dropped (default), or make a smaller batch of two or more. */
  readonly dropLast?: boolean;
  /** The part of every batch that is made; all of it where left out. Batches are the same however many ranks share them. */
  readonly shard?: Shard;
}

/** What {@linkcode EpochBatches} is told. */
export interface EpochOptions extends BatchOptions {
  /** Counted from 0. */
  readonly epoch: number;
}

/** Norms over a batch need so many images. */
const SMALLEST_BATCH = 2;

/** Height and width of an image of a set, in pixels. */
export function sourceSize(set: ImageSet, image: number): readonly [height: number, width: number] {
  if (set.kind !== "files") return [set.height, set.width];
  return [set.sizes[2 * image] ?? 0, set.sizes[2 * image + 1] ?? 0];
}

/** The views of given training images in an epoch. */
export function drawBatch(
  indices: Int32Array<ArrayBuffer>,
  { dataset: { pretraining, views }, seed, epoch }: Pick<EpochOptions, "dataset" | "seed" | "epoch">,
): ViewBatch {
  const sizeOf = (image: number) => sourceSize(pretraining, image);
  const [first, second] = views;
  const draw = (recipe: ViewRecipe, view: number) => viewTable(indices, { recipe, seed, epoch, view, sizeOf });
  const parameters = [draw(first, 0), draw(second, 1)] as const;
  return {
    indices,
    parameters,
    replace: (row, image) => {
      indices[row] = image;
      parameters.forEach((table, view) => {
        drawView(view === 0 ? first : second, seed, epoch, image, view, ...sizeOf(image), table, row);
      });
    },
  };
}

/**
 * The steps of one epoch, in an order given by (seed, epoch). Step k is the same whether it is reached by iteration or asked for
 * by {@linkcode EpochBatches.at}.
 *
 * @example
 * ```ts
 * import { shapes } from "./datasets/mod.ts";
 *
 * const dataset = shapes.open({ seed: 0, trainImages: 64, testImages: 8 });
 * for (const { indices, parameters } of new EpochBatches({ dataset, batch: 32, seed: 0, epoch: 0 })) {
 *   console.log(indices[0], parameters.length); // an image's place in the data set, two tables of view parameters
 * }
 * ```
 */
export class EpochBatches implements Iterable<ViewBatch> {
  /** Number of steps of the epoch. */
  readonly steps: number;
  readonly #options: EpochOptions;
  readonly #order: Int32Array<ArrayBuffer>;

  /**
   * The batches of one epoch.
   *
   * @throws {InvalidInputError} Where the batch is not a whole number from 1 to the number of training images, or no multiple of
   * the number of ranks.
   */
  constructor(options: EpochOptions) {
    this.steps = stepsPerEpoch(options);
    this.#options = options;
    const { dataset: { pretraining }, seed, epoch } = options;
    this.#order = new RandomStream(seed, Streams.shuffle, epoch).permutation(pretraining.count);
  }

  /**
   * The images of one step.
   *
   * @param step 0..steps-1.
   * @throws {ShapeError} Where the step is out of range.
   */
  at(step: number): ViewBatch {
    if (!Number.isInteger(step) || step < 0 || step >= this.steps) {
      throw new ShapeError(`an epoch of ${this.steps} steps has no step ${step}`);
    }
    return drawBatch(this.#indices(step), this.#options);
  }

  #indices(step: number): Int32Array<ArrayBuffer> {
    const { batch, shard = { rank: 0, ranks: 1 } } = this.#options;
    const whole = this.#order.slice(step * batch, (step + 1) * batch);
    const share = (rank: number) => Math.floor(whole.length * rank / shard.ranks);
    return whole.slice(share(shard.rank), share(shard.rank + 1));
  }

  /** All steps from the first. */
  *[Symbol.iterator](): Generator<ViewBatch> {
    for (let step = 0; step < this.steps; step++) yield this.at(step);
  }
}

/**
 * Batches in the training images: whole ones, and the smaller last one where it is kept.
 *
 * @throws {InvalidInputError} Where the batch is not a whole number from 1 to the number of training images, or no multiple of the
 * number of ranks.
 */
export function stepsPerEpoch({ dataset, batch, dropLast = true, shard }: Omit<BatchOptions, "seed">): number {
  const { name, pretraining: { count } } = dataset;
  if (!Number.isInteger(batch) || batch < 1) {
    throw new InvalidInputError(`batch ${batch} is not usable: give a whole number from 1`);
  }
  if (count < batch) {
    throw new InvalidInputError(
      `batch ${batch} is larger than the ${count} training images of ${name}: give a batch of at most ${count}, or more images`,
    );
  }
  const { rank, ranks } = shard ?? { rank: 0, ranks: 1 };
  if (batch % ranks !== 0 || rank < 0 || rank >= ranks) {
    throw new InvalidInputError(
      `batch ${batch} cannot be shared by rank ${rank} of ${ranks}: give a multiple of ${ranks}`,
    );
  }
  return batchesIn(count, { batch, dropLast, ranks });
}

/** Batches in so many images: whole ones, and the smaller last one if it is kept and not too small. */
export function batchesIn(
  count: number,
  { batch, dropLast, ranks = 1 }: { readonly batch: number; readonly dropLast: boolean; readonly ranks?: number },
): number {
  const keepsLast = !dropLast && count % batch >= SMALLEST_BATCH * ranks;
  return Math.floor(count / batch) + Number(keepsLast);
}
