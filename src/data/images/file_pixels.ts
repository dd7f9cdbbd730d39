/**
 * Reads pixels of images that are files of any size, and replaces damaged images.
 *
 * @module
 */
import { DamagedImageError } from "../../errors.ts";
import { AUGMENT_COLUMNS } from "../../ops/mod.ts";
import type { ViewBatch } from "../batches.ts";
import { ALL_DAMAGED_REMEDY, type DamagePolicy, describeDamage, STRICT_REMEDY } from "../damage.ts";
import type { FileImages } from "../dataset.ts";
import type { BatchPixels, PendingPixels } from "./batch_pixels.ts";
import { escapeName } from "../names.ts";
import { evaluationFrame, trainingFrame } from "./frames.ts";
import { FRAME_COLUMNS, type ImageReader, type ReadJob, type Refusal } from "./image_reader.ts";

/** Views of a batch. */
const VIEWS = 2;

/**
 * Decodes and crops files on the reader's threads. The next undamaged image with the same label replaces a damaged
 * one. If every image with that label is damaged, the next undamaged image of any label does, and the damaged image
 * takes its label.
 */
export class FilePixels implements BatchPixels {
  /** Each view is cropped from the full-size file as it is decoded. */
  readonly pictures: 2 = VIEWS;
  /** The reason for each damaged image, by index. */
  readonly #damaged = new Map<number, string>();

  /** Reads the files of `set`; `policy` says how to treat damaged ones. */
  constructor(readonly set: FileImages, readonly reader: ImageReader, readonly policy: DamagePolicy) {}

  /** See {@linkcode BatchPixels.begin}. */
  begin(batch: ViewBatch, into: Uint8Array<ArrayBuffer>): PendingPixels {
    const count = batch.indices.length;
    for (let row = 0; row < count; row++) this.#replaceDamaged(batch, row);
    const job = this.#decode(batch.indices, this.#trainingFrames(batch, 0, count), VIEWS, into);
    return this.#pending(job, (refusal) => this.#redo(batch, refusal, into));
  }

  /** See {@linkcode BatchPixels.beginEvaluation}. */
  beginEvaluation(from: number, to: number, into: Uint8Array<ArrayBuffer>): PendingPixels {
    const images = Int32Array.from({ length: to - from }, (_, row) => this.#sound(from + row));
    const job = this.#decode(images, this.#evaluationFrames(images), 1, into);
    return this.#pending(job, (refusal) => this.#redoEvaluation(images, refusal, into));
  }

  #pending(job: ReadJob, redo: (refusal: Refusal) => void): PendingPixels {
    return {
      get done() {
        return job.done;
      },
      wait: () => job.wait().forEach(redo),
      abandon: () => job.abandon(),
    };
  }

  #decode(
    images: Int32Array,
    frames: Int32Array<ArrayBuffer>,
    views: number,
    pixels: Uint8Array<ArrayBuffer>,
  ): ReadJob {
    const { set: { height, width }, reader } = this;
    const paths = Array.from(images, (image) => this.#path(image));
    return reader.decode({ paths, views, frames, size: [height, width], pixels });
  }

  /** Replaces a refused image of a batch, until a file can be decoded. */
  #redo(batch: ViewBatch, { index: row, reason }: Refusal, into: Uint8Array<ArrayBuffer>): void {
    const count = batch.indices.length;
    const bytes = this.set.height * this.set.width * 3;
    const own = new Uint8Array(VIEWS * bytes);
    for (let refused: string | null = reason; refused !== null;) {
      this.#markDamaged(batch.indices[row] ?? 0, refused);
      this.#replaceDamaged(batch, row);
      const frames = this.#trainingFrames(batch, row, row + 1);
      const [refusal] = this.#decode(batch.indices.subarray(row, row + 1), frames, VIEWS, own).wait();
      refused = refusal?.reason ?? null;
    }
    for (let view = 0; view < VIEWS; view++) {
      into.set(own.subarray(view * bytes, (view + 1) * bytes), (view * count + row) * bytes);
    }
  }

  #redoEvaluation(images: Int32Array, { index: row, reason }: Refusal, into: Uint8Array<ArrayBuffer>): void {
    const own = new Uint8Array(this.set.height * this.set.width * 3);
    for (let refused: string | null = reason; refused !== null;) {
      const image = images[row] ?? 0;
      this.#markDamaged(image, refused);
      images[row] = this.#sound(image);
      const one = images.subarray(row, row + 1);
      const [refusal] = this.#decode(one, this.#evaluationFrames(one), 1, own).wait();
      refused = refusal?.reason ?? null;
    }
    into.set(own, row * own.length);
  }

  #trainingFrames(batch: ViewBatch, from: number, to: number): Int32Array<ArrayBuffer> {
    const size = [this.set.height, this.set.width] as const;
    const frames = new Int32Array((to - from) * VIEWS * FRAME_COLUMNS);
    for (let row = from; row < to; row++) {
      batch.parameters.forEach((table, view) => {
        const parameters = table.subarray(row * AUGMENT_COLUMNS, (row + 1) * AUGMENT_COLUMNS);
        trainingFrame(parameters, size, frames, (row - from) * VIEWS + view);
      });
    }
    return frames;
  }

  #evaluationFrames(images: Int32Array): Int32Array<ArrayBuffer> {
    const { sizes, height } = this.set;
    const frames = new Int32Array(images.length * FRAME_COLUMNS);
    images.forEach((image, row) => {
      evaluationFrame([sizes[2 * image] ?? 0, sizes[2 * image + 1] ?? 0], height, frames, row);
    });
    return frames;
  }

  #path(image: number): string {
    return this.set.paths[image] ?? "";
  }

  /** Records a damaged file and reports it. @throws {DamagedImageError} if `strict` is set. */
  #markDamaged(image: number, reason: string): void {
    if (this.#damaged.has(image)) return;
    const path = this.#path(image);
    if (this.policy.strict) throw new DamagedImageError(escapeName(path), reason, STRICT_REMEDY);
    this.#damaged.set(image, reason);
    this.policy.skipped({ path, reason });
  }

  /** Replaces the image of a row if it is known to be damaged. */
  #replaceDamaged(batch: ViewBatch, row: number): void {
    const image = batch.indices[row] ?? 0;
    const sound = this.#sound(image);
    if (sound !== image) batch.replace(row, sound);
  }

  /**
   * The image itself, or its replacement if it is known to be damaged.
   *
   * @throws {DamagedImageError} if all images are damaged.
   */
  #sound(image: number): number {
    if (!this.#damaged.has(image)) return image;
    const { labels } = this.set;
    const sameLabel = this.#nextSound(image, (candidate) => labels?.[candidate] === labels?.[image]);
    if (sameLabel !== null) return sameLabel;
    const any = this.#nextSound(image, () => true);
    if (any === null) {
      const reason = describeDamage(this.#damaged.get(image) ?? "is damaged", this.#damaged.size);
      throw new DamagedImageError(escapeName(this.#path(image)), reason, ALL_DAMAGED_REMEDY);
    }
    // With the old label, a correct prediction for the replacement would count as an error.
    if (labels !== null) labels[image] = labels[any] ?? 0;
    return any;
  }

  #nextSound(image: number, suits: (candidate: number) => boolean): number | null {
    const { count } = this.set;
    for (let step = 1; step < count; step++) {
      const candidate = (image + step) % count;
      if (!this.#damaged.has(candidate) && suits(candidate)) return candidate;
    }
    return null;
  }
}
