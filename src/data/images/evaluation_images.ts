/**
 * Provides images for evaluation: normalised and without augmentation.
 *
 * @module
 */
import type { Device } from "../../device/mod.ts";
import { augment, AUGMENT_COLUMNS } from "../../ops/mod.ts";
import { Tensor } from "../../tensor/mod.ts";
import { identityTable } from "../augmentation.ts";
import type { Dataset, ImageSet } from "../dataset.ts";
import type { BatchPixels, PendingPixels } from "./batch_pixels.ts";
import type { Size } from "./frames.ts";

/** The normalisation constants of a data set. */
export type Normalisation = Pick<Dataset, "mean" | "std">;

/** Neighbouring images of a set: the first one and the image after the last one. */
export type ImageRun = readonly [from: number, to: number];

/** The images of a set, read a range at a time. */
export interface EvaluationImages extends Disposable {
  /** The device of the normalised images. */
  readonly device: Device;
  /** The set of images. */
  readonly set: ImageSet;
  /**
   * Returns images `from` to `to` (exclusive), normalised: [to - from, H, W, 3] f32.
   *
   * @param size height and width to resize to; the set's by default.
   */
  normalised(from: number, to: number, size?: Size): Tensor;
  /** Returns the images of several runs, one after another and normalised: [N, H, W, 3] f32. */
  gathered(runs: readonly ImageRun[]): Tensor;
}

/**
 * Normalises the images of some runs of a tensor [M, H, W, 3] u8: [N, H, W, 3] f32, resized if `size` is given.
 */
export function normalisedImages(
  images: Tensor,
  runs: readonly ImageRun[],
  constants: Normalisation,
  size?: Size,
): Tensor {
  const { device, shape: [, height = 0, width = 0] } = images;
  const count = imagesOf(runs);
  const chosen = new Int32Array(count);
  let row = 0;
  for (const [from, to] of runs) {
    for (let image = from; image < to; image++) chosen[row++] = image;
  }
  using indices = Tensor.from(device, chosen, [count]);
  using parameters = Tensor.from(device, identityTable(count, [height, width]), [count, AUGMENT_COLUMNS]);
  return augment(images, indices, parameters, { ...constants, size: size ?? [height, width] });
}

/** Number of images of some runs. */
export function imagesOf(runs: readonly ImageRun[]): number {
  return runs.reduce((count, [from, to]) => count + to - from, 0);
}

/** A range of images in host memory, whose read may still be running. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pending: PendingPixels;
}

/** Images that stay in host memory or on disk. Asking for a range uploads it and begins to read the next one. */
export class HostEvaluationImages implements EvaluationImages {
  readonly #pixels: BatchPixels;
  #ahead: Range | null = null;

  /** Serves a set of any kind; `pixels` reads its images. */
  constructor(
    readonly device: Device,
    readonly set: ImageSet,
    readonly constants: Normalisation,
    pixels: BatchPixels,
  ) {
    this.#pixels = pixels;
  }

  /** See {@linkcode EvaluationImages.normalised}. */
  normalised(from: number, to: number, size?: Size): Tensor {
    const { count, height, width } = this.set;
    const isAhead = this.#ahead?.from === from && this.#ahead.to === to;
    const range = isAhead && this.#ahead !== null ? this.#ahead : this.#begin(from, to);
    if (!isAhead) this.#ahead?.pending.abandon();
    this.#ahead = null;
    range.pending.wait();
    const next = Math.min(count, to + (to - from));
    if (next > to) this.#ahead = this.#begin(to, next);
    using images = Tensor.from(this.device, range.bytes, [to - from, height, width, 3]);
    return normalisedImages(images, [[0, to - from]], this.constants, size);
  }

  /** See {@linkcode EvaluationImages.gathered}. All runs are read at the same time. */
  gathered(runs: readonly ImageRun[]): Tensor {
    const { height, width } = this.set;
    const [count, bytesOfImage] = [imagesOf(runs), height * width * 3];
    const bytes = new Uint8Array(count * bytesOfImage);
    const reads: PendingPixels[] = [];
    try {
      let row = 0;
      for (const [from, to] of runs) {
        const into = bytes.subarray(row * bytesOfImage, (row + to - from) * bytesOfImage);
        reads.push(this.#pixels.beginEvaluation(from, to, into));
        row += to - from;
      }
      for (const read of reads) read.wait();
    } catch (error) {
      for (const read of reads) read.abandon();
      throw error;
    }
    using images = Tensor.from(this.device, bytes, [count, height, width, 3]);
    return normalisedImages(images, [[0, count]], this.constants);
  }

  #begin(from: number, to: number): Range {
    const bytes = new Uint8Array((to - from) * this.set.height * this.set.width * 3);
    return { from, to, bytes, pending: this.#pixels.beginEvaluation(from, to, bytes) };
  }

  /** Waits for a read that is still running. */
  [Symbol.dispose](): void {
    this.#ahead?.pending.abandon();
    this.#ahead = null;
  }
}
