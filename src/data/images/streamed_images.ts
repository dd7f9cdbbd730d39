/**
 * Streams batches to the device, for images that stay in host memory or on disk.
 *
 * @module
 */
import { type Device, DeviceEvent, DeviceStream, PinnedMemory } from "../../device/mod.ts";
import { MisuseError, ShapeError } from "../../errors.ts";
import { AUGMENT_COLUMNS } from "../../ops/mod.ts";
import { Tensor, unscoped } from "../../tensor/mod.ts";
import { AUGMENT_CROP_HEIGHT, AUGMENT_CROP_LEFT, AUGMENT_CROP_TOP, AUGMENT_CROP_WIDTH } from "../augmentation.ts";
import type { ViewBatch } from "../batches.ts";
import type { ImageSet } from "../dataset.ts";
import type { BatchPixels, PendingPixels } from "./batch_pixels.ts";
import type { Size } from "./frames.ts";
import type { StoredBatch, StoredView, TrainingImages } from "./training_images.ts";

/** How many images and batches to hold at a time. */
export interface StreamingOptions {
  /** Largest number of images in a batch. */
  readonly batch: number;
  /**
   * Batches to begin before the current one is taken, 1 or more. Each needs the memory of a batch on host and
   * device.
   */
  readonly ahead: number;
}

/** Memory for a batch, pinned on the host and on the device. */
class Slot implements Disposable {
  readonly pinned: PinnedMemory;
  /** [pictures * batch, H, W, 3] u8. */
  readonly images: Tensor;
  /** Recorded in the copy stream after the upload of the batch. */
  readonly arrived: DeviceEvent;
  /** Recorded in the compute stream after the last kernel that reads the batch. */
  readonly released: DeviceEvent;
  /** The batch in this slot, uploaded or not. */
  batch: ViewBatch | null = null;
  /** The read of its pixels; null once their upload is queued. */
  pending: PendingPixels | null = null;

  constructor(device: Device, shape: readonly [number, number, number, number]) {
    using undone = new DisposableStack();
    this.images = undone.use(unscoped(() => new Tensor(device, shape, "u8")));
    this.pinned = undone.use(new PinnedMemory(device, this.images.size));
    this.arrived = undone.use(new DeviceEvent(device));
    this.released = undone.use(new DeviceEvent(device));
    undone.move();
  }

  [Symbol.dispose](): void {
    for (const part of [this.released, this.arrived, this.pinned, this.images]) part[Symbol.dispose]();
  }
}

/** Copies view parameters, with the whole picture as the crop: the pictures were cropped while reading. */
function withoutCrop(table: Float32Array, [height, width]: Size): Float32Array<ArrayBuffer> {
  const whole = Float32Array.from(table);
  for (let row = 0; row < whole.length; row += AUGMENT_COLUMNS) {
    whole[row + AUGMENT_CROP_TOP] = 0;
    whole[row + AUGMENT_CROP_LEFT] = 0;
    whole[row + AUGMENT_CROP_HEIGHT] = height;
    whole[row + AUGMENT_CROP_WIDTH] = width;
  }
  return whole;
}

/** Reads the batches of a set ahead, and uploads them in a separate stream while the device computes. */
export class StreamedImages implements TrainingImages {
  /** See {@linkcode StreamingOptions.ahead}. */
  readonly ahead: number;
  readonly #batch: number;
  readonly #stream: DeviceStream;
  readonly #slots: readonly Slot[];
  #free: Slot[];
  readonly #begun: Slot[] = [];
  #current: Slot | null = null;

  /**
   * Allocates memory for the batches ahead and the current one.
   *
   * @throws {OutOfMemoryError} if the memory does not suffice.
   */
  constructor(
    readonly device: Device,
    readonly set: ImageSet,
    readonly pixels: BatchPixels,
    { batch, ahead }: StreamingOptions,
  ) {
    this.ahead = ahead;
    this.#batch = batch;
    using undone = new DisposableStack();
    this.#stream = undone.use(new DeviceStream(device));
    const shape = [pixels.pictures * batch, set.height, set.width, 3] as const;
    this.#slots = Array.from({ length: ahead + 1 }, () => undone.use(new Slot(device, shape)));
    this.#free = [...this.#slots];
    undone.move();
  }

  /**
   * See {@linkcode TrainingImages.begin}.
   *
   * @throws {ShapeError} if the batch is larger than {@linkcode StreamingOptions.batch}.
   */
  begin(batch: ViewBatch): void {
    if (batch.indices.length > this.#batch) {
      throw new ShapeError(
        `begin: a batch of ${batch.indices.length} images is larger than the limit of ${this.#batch}`,
      );
    }
    const slot = this.#free.shift();
    if (slot === undefined) throw new MisuseError(`begin: ${this.#begun.length} batches are under way already`);
    // The previous upload may still read the pinned memory.
    slot.arrived.wait();
    slot.batch = batch;
    this.#begun.push(slot);
    slot.pending = this.pixels.begin(batch, slot.pinned.bytes);
    if (slot.pending.done) this.#upload(slot);
  }

  /** See {@linkcode TrainingImages.take}. */
  take(): StoredBatch {
    const slot = this.#begun.shift();
    if (slot === undefined) throw new MisuseError("take: no batch was begun");
    if (this.#current !== null) {
      // All kernels that read the previous batch are queued by now. After them, its slot is free.
      this.#current.released.record(null);
      this.#free.push(this.#current);
    }
    this.#current = slot;
    this.#upload(slot);
    for (const later of this.#begun) if (later.pending?.done) this.#upload(later);
    slot.arrived.holdUp(null);
    return this.#stored(slot);
  }

  /** Waits for a batch's pixels and queues their upload, unless it is queued already. */
  #upload(slot: Slot): void {
    if (slot.pending === null || slot.batch === null) return;
    slot.pending.wait();
    slot.pending = null;
    const { set: { height, width }, pixels: { pictures } } = this;
    const bytes = pictures * slot.batch.indices.length * height * width * 3;
    slot.released.holdUp(this.#stream.handle);
    this.#stream.upload(slot.images.pointer, slot.pinned.bytes, bytes);
    slot.arrived.record(this.#stream.handle);
  }

  #stored({ batch, images }: Slot): StoredBatch {
    if (batch === null) throw new MisuseError("take: the batch is gone");
    const { device, pixels: { pictures }, set: { height, width } } = this;
    const { indices } = batch;
    const count = indices.length;
    const view = (which: 0 | 1): StoredView => {
      const first = pictures === 1 ? 0 : which * count;
      const rows = Int32Array.from({ length: count }, (_, row) => first + row);
      const table = batch.parameters[which];
      const parameters = pictures === 1 ? table : withoutCrop(table, [height, width]);
      return {
        images,
        rows: Tensor.from(device, rows, [count]),
        parameters: Tensor.from(device, parameters, [count, AUGMENT_COLUMNS]),
      };
    };
    return { indices, views: [view(0), view(1)] };
  }

  /** Frees the memory when nothing reads or writes it any more. */
  [Symbol.dispose](): void {
    for (const slot of this.#begun) slot.pending?.abandon();
    if (this.device.disposed) return;
    this.device.synchronize();
    for (const slot of this.#slots) slot[Symbol.dispose]();
    this.#stream[Symbol.dispose]();
  }
}
