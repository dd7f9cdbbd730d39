/**
 * The batches of an epoch: which images, and the parameters of their two views.
 *
 * @module
 */

import { InvalidInputError, ShapeError } from "../errors.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { viewTable } from "./augmentation.ts";
import type { Dataset } from "./dataset.ts";
import type { ViewRecipe } from "./view_recipe.ts";

/** One training step's images. */
export interface ViewBatch {
  /** int32 [batch]: indices into the training images. */
  readonly indices: Int32Array<ArrayBuffer>;
  /** float32 [batch, AUGMENT_COLUMNS] for view 1 and for view 2, rows as in `indices`. */
  readonly parameters: readonly [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>];
}

/** What {@linkcode EpochBatches} is told. */
export interface EpochOptions {
  /** Its training images and view recipes are used. */
  readonly dataset: Dataset;
  /** Images a step. */
  readonly batch: number;
  /** The run's seed. */
  readonly seed: number;
  /** Counted from 0. */
  readonly epoch: number;
}

/**
 * The steps of one epoch, in an order given by (seed, epoch); images left over after the last whole batch are not seen
 * in that epoch. Step k is the same whether it is reached by iteration or asked for by {@linkcode EpochBatches.at}.
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
   * @throws {InvalidInputError} Where the batch is not a whole number from 1 to the number of training images.
   */
  constructor(options: EpochOptions) {
    this.steps = stepsPerEpoch(options.dataset, options.batch);
    this.#options = options;
    this.#order = new RandomStream(options.seed, Streams.shuffle, options.epoch).permutation(
      options.dataset.train.count,
    );
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
    const { dataset } = this.#options;
    const indices = this.#indices(step);
    const [first, second] = dataset.views;
    return { indices, parameters: [this.#drawTable(first, 0, indices), this.#drawTable(second, 1, indices)] };
  }

  /** The images of one step, without their views; null of the step after the last. */
  indicesAt(step: number): Int32Array<ArrayBuffer> | null {
    return step < this.steps ? this.#indices(step) : null;
  }

  #indices(step: number): Int32Array<ArrayBuffer> {
    const { batch } = this.#options;
    return this.#order.slice(step * batch, (step + 1) * batch);
  }

  /** All steps from the first. */
  *[Symbol.iterator](): Generator<ViewBatch> {
    for (let step = 0; step < this.steps; step++) yield this.at(step);
  }

  #drawTable(recipe: ViewRecipe, view: number, indices: Int32Array): Float32Array<ArrayBuffer> {
    const { dataset: { train: { height, width } }, seed, epoch } = this.#options;
    return viewTable(indices, { recipe, seed, epoch, view, size: [height, width] });
  }
}

/**
 * Whole batches in the training images.
 *
 * @throws {InvalidInputError} Where the batch is not a whole number from 1 to the number of training images.
 */
export function stepsPerEpoch(dataset: Dataset, batch: number): number {
  const { name, train: { count } } = dataset;
  if (!Number.isInteger(batch) || batch < 1) {
    throw new InvalidInputError(`batch ${batch} is not usable: give a whole number from 1`);
  }
  if (count < batch) {
    throw new InvalidInputError(
      `batch ${batch} is larger than the ${count} training images of ${name}: give a batch of at most ${count}, or more images`,
    );
  }
  return Math.floor(count / batch);
}
