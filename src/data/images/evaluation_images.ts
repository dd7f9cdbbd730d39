/**
 * Images as networks see them in evaluation.
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

/** A data set's constants. */
export type Normalisation = Pick<Dataset, "mean" | "std">;

/** The images of a set, a range at a time. */
export interface EvaluationImages extends Disposable {
  /** Where they go. */
  readonly device: Device;
  /** What they are. */
  readonly set: ImageSet;
  /**
   * Images `from` to `to` (exclusive), normalised: [to - from, H, W, 3] f32.
   *
   * @param size height and width that they are resized to; the set's where left out.
   */
  normalised(from: number, to: number, size?: Size): Tensor;
}

/** `count` images of a tensor [M, H, W, 3] u8 from `from` on, normalised: [count, H, W, 3] f32, or of another size. */
export function normalisedImages(
  images: Tensor,
  from: number,
  count: number,
  constants: Normalisation,
  size?: Size,
): Tensor {
  const { device, shape: [, height = 0, width = 0] } = images;
  using indices = Tensor.from(device, Int32Array.from({ length: count }, (_, row) => from + row), [count]);
  using parameters = Tensor.from(device, identityTable(count, [height, width]), [count, AUGMENT_COLUMNS]);
  return augment(images, indices, parameters, { ...constants, size: size ?? [height, width] });
}

/** A range of images in host memory, or on its way there. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pending: PendingPixels;
}

/** Images that stay with the host: a range is uploaded when it is asked for, and the range behind it begun meanwhile. */
export class HostEvaluationImages implements EvaluationImages {
  readonly #pixels: BatchPixels;
  #ahead: Range | null = null;

  /** Of any set, by what brings its pixels. */
  constructor(
    readonly device: Device,
    readonly set: ImageSet,
    readonly constants: Normalisation,
    pixels: BatchPixels,
  ) {
    this.#pixels = pixels;
  }

  /** As {@linkcode EvaluationImages.normalised}. */
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
    return normalisedImages(images, 0, to - from, this.constants, size);
  }

  #begin(from: number, to: number): Range {
    const bytes = new Uint8Array((to - from) * this.set.height * this.set.width * 3);
    return { from, to, bytes, pending: this.#pixels.beginEvaluation(from, to, bytes) };
  }

  /** Waits for what is still read. */
  [Symbol.dispose](): void {
    this.#ahead?.pending.abandon();
    this.#ahead = null;
  }
}
