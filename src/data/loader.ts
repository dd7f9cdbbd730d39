/**
 * The batches of a whole run, begun ahead of the trainer.
 *
 * @module
 */
import { type BatchOptions, EpochBatches, stepsPerEpoch, type ViewBatch } from "./batches.ts";
import type { StoredBatch, TrainingImages } from "./images/training_images.ts";

/** A run's batches. */
export interface LoaderOptions extends BatchOptions {
  /** Epochs of the run. */
  readonly epochs: number;
  /** Steps that were done before; 0 where left out. */
  readonly done?: number;
}

/** Hands out the batches of a run in order, across the borders of epochs; what comes next is on its way meanwhile. */
export class Loader {
  /** Steps of an epoch. */
  readonly stepsPerEpoch: number;
  readonly #images: TrainingImages;
  readonly #options: LoaderOptions;
  #epoch: EpochBatches;
  #number: number;
  #begun: number;
  #taken: number;

  /**
   * Begins nothing yet.
   *
   * @throws {InvalidInputError} where the batch does not fit the images.
   */
  constructor(images: TrainingImages, options: LoaderOptions) {
    this.#images = images;
    this.#options = options;
    this.stepsPerEpoch = stepsPerEpoch(options);
    const { done = 0 } = options;
    [this.#begun, this.#taken] = [done, done];
    this.#number = Math.floor(done / this.stepsPerEpoch);
    this.#epoch = new EpochBatches({ ...options, epoch: this.#number });
  }

  /** The next step's images, on the device or on their way there behind what it computes now. */
  next(): StoredBatch {
    this.#beginUpTo(this.#taken + 1);
    const batch = this.#images.take();
    this.#taken++;
    this.#beginUpTo(this.#taken + this.#images.ahead);
    return batch;
  }

  #beginUpTo(count: number): void {
    const all = this.stepsPerEpoch * this.#options.epochs;
    for (; this.#begun < Math.min(count, all); this.#begun++) this.#images.begin(this.#batch(this.#begun));
  }

  #batch(step: number): ViewBatch {
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.#number) this.#epoch = new EpochBatches({ ...this.#options, epoch });
    this.#number = epoch;
    return this.#epoch.at(step % this.stepsPerEpoch);
  }
}
