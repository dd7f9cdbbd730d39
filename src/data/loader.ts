/**
 * Provides the batches of a whole run, and reads them ahead of the trainer.
 *
 * @module
 */
import { type BatchOptions, EpochBatches, stepsPerEpoch, type ViewBatch } from "./batches.ts";
import type { StoredBatch, TrainingImages } from "./images/training_images.ts";

/** Options of {@linkcode Loader}. */
export interface LoaderOptions extends BatchOptions {
  /** Number of epochs in the run. */
  readonly epochs: number;
  /** Steps already done, on resuming; 0 by default. */
  readonly done?: number;
}

/** Provides the batches of a run in order, across epochs, while the next batches are being read. */
export class Loader {
  /** Number of steps in an epoch. */
  readonly stepsPerEpoch: number;
  readonly #images: TrainingImages;
  readonly #options: LoaderOptions;
  #epoch: EpochBatches;
  #number: number;
  #begun: number;
  #taken: number;

  /**
   * Begins no batch yet.
   *
   * @throws {InvalidInputError} if the batch size does not suit the number of images or ranks.
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

  /** The images of the next step. Their upload is queued; kernels that use them run after it. */
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
