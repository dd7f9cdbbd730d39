/**
 * Decides where a run's images are kept: on the device, in host memory, in a file of records or in image files.
 *
 * @module
 */
import { type Device, usableProcessors } from "../../device/mod.ts";
import type { Dataset, ImageSet, SkippedImage } from "../dataset.ts";
import type { BatchPixels } from "./batch_pixels.ts";
import { DeviceImages } from "./device_images.ts";
import { type EvaluationImages, HostEvaluationImages } from "./evaluation_images.ts";
import { FilePixels } from "./file_pixels.ts";
import { ImageReader } from "./image_reader.ts";
import { MemoryPixels } from "./memory_pixels.ts";
import { RecordPixels } from "./record_pixels.ts";
import { ResizedPixels } from "./resized_pixels.ts";
import { StreamedImages } from "./streamed_images.ts";
import type { TrainingImages } from "./training_images.ts";

/** How to keep the images of a data set. */
export interface ImageStoreOptions {
  /** Whether to keep sets in host memory on the device as well; true by default. */
  readonly onDevice?: boolean;
  /** Threads that read files; by default, or if 0, one for each processor that this process may use. */
  readonly workers?: number;
  /** Batches to read before they are needed; {@linkcode BATCHES_AHEAD} by default. */
  readonly ahead?: number;
  /** Whether a damaged image file is an error; false by default. */
  readonly strict?: boolean;
  /** Called once for each damaged image file. */
  readonly skipped?: (image: SkippedImage) => void;
}

/** Default number of batches to read ahead: enough that a slow batch does not stall training. */
export const BATCHES_AHEAD = 3;
/** The native library's limit. */
const MOST_WORKERS = 256;

/** The number of reader threads; 0 means one for each processor that this process may use. */
export function readerThreads(workers: number): number {
  return Math.min(MOST_WORKERS, workers === 0 ? usableProcessors() : workers);
}

/** Opens the sets of a data set. A set opened twice shares its pixels. Disposing of this closes all of them. */
export class ImageStores implements Disposable {
  readonly #owned = new DisposableStack();
  readonly #onDevice = new Map<ImageSet, DeviceImages>();
  readonly #pixels = new Map<ImageSet, BatchPixels>();
  #reader: ImageReader | null = null;

  /** Opens no set yet. */
  constructor(readonly device: Device, readonly dataset: Dataset, readonly options: ImageStoreOptions = {}) {}

  /**
   * Opens a set for training.
   *
   * @param batch largest number of images in a batch.
   * @throws {OutOfMemoryError} if the images do not fit the device.
   */
  training(set: ImageSet, batch: number): TrainingImages {
    const { ahead = BATCHES_AHEAD } = this.options;
    return this.#deviceImages(set) ??
      this.#owned.use(new StreamedImages(this.device, set, this.#pixelsOf(set), { batch, ahead }));
  }

  /** Opens a set for evaluation. @throws {OutOfMemoryError} if the images do not fit the device. */
  evaluation(set: ImageSet): EvaluationImages {
    return this.#deviceImages(set) ??
      this.#owned.use(new HostEvaluationImages(this.device, set, this.dataset, this.#pixelsOf(set)));
  }

  #deviceImages(set: ImageSet): DeviceImages | null {
    if (set.kind !== "memory" || this.options.onDevice === false) return null;
    const images = this.#onDevice.get(set) ?? this.#owned.use(new DeviceImages(this.device, set, this.dataset));
    this.#onDevice.set(set, images);
    return images;
  }

  #pixelsOf(set: ImageSet): BatchPixels {
    const pixels = this.#pixels.get(set) ?? this.#makePixels(set);
    this.#pixels.set(set, pixels);
    return pixels;
  }

  #makePixels(set: ImageSet): BatchPixels {
    if (set.kind === "memory") return new MemoryPixels(set);
    if (set.kind === "resized") return new ResizedPixels(set, this.#makePixels(set.source), this.device);
    const { workers = 0, strict = false, skipped = () => {} } = this.options;
    // The reader is opened first and so closed last: the others may still have jobs in it.
    this.#reader ??= this.#owned.use(new ImageReader(this.device, readerThreads(workers)));
    return set.kind === "records"
      ? new RecordPixels(set, this.#reader)
      : new FilePixels(set, this.#reader, { strict, skipped });
  }

  /** Closes all sets and the reader. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
