/**
 * Where a run's images are: the one place that decides between device, host memory, records and files.
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
import { StreamedImages } from "./streamed_images.ts";
import type { TrainingImages } from "./training_images.ts";

/** How a data set's images are kept. */
export interface ImageStoreOptions {
  /** Whether images that are in host memory are kept on the device, all of them; true where left out. */
  readonly onDevice?: boolean;
  /** Threads that read files; 0 or left out: one for each processor that may be used. */
  readonly workers?: number;
  /** Batches that are read before they are needed; {@linkcode BATCHES_AHEAD} where left out. */
  readonly ahead?: number;
  /** Whether a damaged image file is an error. */
  readonly strict?: boolean;
  /** Told of each damaged image file, once. */
  readonly skipped?: (image: SkippedImage) => void;
}

/** Enough that one slow batch is not waited for. */
export const BATCHES_AHEAD = 3;
/** As the native library has it. */
const MOST_WORKERS = 256;

/** So many threads for reading files, where 0 means one for each processor that this process may use. */
export function readerThreads(workers: number): number {
  return Math.min(MOST_WORKERS, workers === 0 ? usableProcessors() : workers);
}

/** Opens the sets of one data set. What is opened twice is there once; everything ends with this. */
export class ImageStores implements Disposable {
  readonly #owned = new DisposableStack();
  readonly #onDevice = new Map<ImageSet, DeviceImages>();
  readonly #pixels = new Map<ImageSet, BatchPixels>();
  #reader: ImageReader | null = null;

  /** Opens nothing yet. */
  constructor(readonly device: Device, readonly dataset: Dataset, readonly options: ImageStoreOptions = {}) {}

  /**
   * A set to train on.
   *
   * @param batch images of a batch, at most.
   * @throws {OutOfMemoryError} where the device has no room.
   */
  training(set: ImageSet, batch: number): TrainingImages {
    const { ahead = BATCHES_AHEAD } = this.options;
    return this.#deviceImages(set) ??
      this.#owned.use(new StreamedImages(this.device, set, this.#pixelsOf(set), { batch, ahead }));
  }

  /** A set to evaluate with. @throws {OutOfMemoryError} where the device has no room. */
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
    const { workers = 0, strict = false, skipped = () => {} } = this.options;
    // The first that is opened, it ends last: everything else may have work under way in it.
    this.#reader ??= this.#owned.use(new ImageReader(this.device, readerThreads(workers)));
    return set.kind === "records"
      ? new RecordPixels(set, this.#reader)
      : new FilePixels(set, this.#reader, { strict, skipped });
  }

  /** Frees what was opened. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
