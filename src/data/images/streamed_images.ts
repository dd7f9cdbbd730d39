/**
 * Images that stay with the host, of which some batches are on the device or on their way there.
 *
 * @module
 */
import { type Device, DeviceEvent, DeviceStream, PinnedMemory } from "../../device/mod.ts";
import { ShapeError } from "../../errors.ts";
import { AUGMENT_COLUMNS } from "../../ops/mod.ts";
import { Tensor, unscoped } from "../../tensor/mod.ts";
import { AUGMENT_CROP_HEIGHT, AUGMENT_CROP_LEFT, AUGMENT_CROP_TOP, AUGMENT_CROP_WIDTH } from "../augmentation.ts";
import type { ViewBatch } from "../batches.ts";
import type { ImageSet } from "../dataset.ts";
import type { BatchPixels, PendingPixels } from "./batch_pixels.ts";
import type { Size } from "./frames.ts";
import type { StoredBatch, StoredView, TrainingImages } from "./training_images.ts";

/** How much is kept under way. */
export interface StreamingOptions {
  /** Images of a batch, at most. */
  readonly batch: number;
  /** Batches that are begun before the present one is taken, 1 or more: each takes a batch's room on both sides. */
  readonly ahead: number;
}

/** Room for one batch, pinned and on the device. */
class Slot implements Disposable {
  readonly pinned: PinnedMemory;
  /** [pictures * batch, H, W, 3] u8. */
  readonly images: Tensor;
  /** Recorded in the copy stream when the batch is there. */
  readonly arrived: DeviceEvent;
  /** Recorded in the compute stream behind the last work that reads the batch. */
  readonly released: DeviceEvent;
  /** What is there or on its way. */
  batch: ViewBatch | null = null;
  /** Its pixels, until their upload is queued. */
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

/** A copy of view parameters whose crops are whole pictures of a size: they were cut out already. */
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

/** Batches of a set are read ahead, and uploaded beside computation, in a stream of their own. */
export class StreamedImages implements TrainingImages {
  /** As {@linkcode StreamingOptions.ahead}. */
  readonly ahead: number;
  readonly #batch: number;
  readonly #stream: DeviceStream;
  readonly #slots: readonly Slot[];
  #free: Slot[];
  readonly #begun: Slot[] = [];
  #present: Slot | null = null;

  /**
   * Room for the batches under way and the present one.
   *
   * @throws {OutOfMemoryError} where there is none.
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

  /** As {@linkcode TrainingImages.begin}, of batches no larger than the constructor was told. */
  begin(batch: ViewBatch): void {
    if (batch.indices.length > this.#batch) {
      throw new ShapeError(`begin: a batch of ${batch.indices.length} images where ${this.#batch} were announced`);
    }
    const slot = this.#free.shift();
    if (slot === undefined) throw new ShapeError(`begin: ${this.#begun.length} batches are under way already`);
    // The upload before may still read the pinned memory.
    slot.arrived.wait();
    slot.batch = batch;
    this.#begun.push(slot);
    slot.pending = this.pixels.begin(batch, slot.pinned.bytes);
    if (slot.pending.done) this.#upload(slot);
  }

  /** As {@linkcode TrainingImages.take}. */
  take(): StoredBatch {
    const slot = this.#begun.shift();
    if (slot === undefined) throw new ShapeError("take: no batch was begun");
    if (this.#present !== null) {
      // What reads the batch before was queued by now: behind it, its room is free for another.
      this.#present.released.record(null);
      this.#free.push(this.#present);
    }
    this.#present = slot;
    this.#upload(slot);
    for (const later of this.#begun) if (later.pending?.done) this.#upload(later);
    slot.arrived.holdUp(null);
    return this.#stored(slot);
  }

  /** Waits for a batch's pixels and queues their upload, unless that was done. */
  #upload(slot: Slot): void {
    if (slot.pending === null || slot.batch === null) return;
    slot.pending.wait();
    slot.pending = null;
    const { set: { height, width }, pixels: { pictures }, device } = this;
    const bytes = pictures * slot.batch.indices.length * height * width * 3;
    slot.released.holdUp(this.#stream.handle);
    device.kernels.sl_upload(this.#stream.handle, slot.images.pointer, slot.pinned.bytes, bytes);
    slot.arrived.record(this.#stream.handle);
  }

  #stored({ batch, images }: Slot): StoredBatch {
    if (batch === null) throw new ShapeError("take: the batch is gone");
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

  /** Frees the room, once nothing reads or writes it any more. */
  [Symbol.dispose](): void {
    for (const slot of this.#begun) slot.pending?.abandon();
    if (this.device.disposed) return;
    this.device.kernels.sl_synchronize();
    for (const slot of this.#slots) slot[Symbol.dispose]();
    this.#stream[Symbol.dispose]();
  }
}
