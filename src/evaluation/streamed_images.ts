/**
 * Labelled images that stay with the host, of which a batch is on the device and the next one on its way.
 *
 * @module
 */
import type { Dataset, ImageSet, ImageStore, StoredBatch } from "../data/mod.ts";
import { type Device, DeviceEvent, DeviceStream, PinnedMemory } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";
import { normalisedImages } from "./images.ts";

/** Room for one batch, pinned and on the device. */
class Slot implements Disposable {
  readonly pinned: PinnedMemory;
  /** [batch, H, W, 3] u8. */
  readonly images: Tensor;
  /** Recorded in the copy stream when the batch is there. */
  readonly arrived: DeviceEvent;
  /** Recorded in the compute stream behind the last work that reads the batch. */
  readonly released: DeviceEvent;
  /** The images that are there or on their way. */
  indices: Int32Array<ArrayBuffer> | null = null;

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

function same(a: Int32Array | null, b: Int32Array): boolean {
  return a !== null && a.length === b.length && a.every((index, row) => index === b[row]);
}

/** A split of which two batches at most are on the device: uploads go on beside computation, in a stream of their own. */
export class StreamedImages implements ImageStore {
  /** Number of images. */
  readonly count: number;
  readonly #slots: readonly [Slot, Slot];
  readonly #rows: Tensor;
  readonly #stream: DeviceStream;
  #present: Slot | null = null;

  /**
   * Room for two batches.
   *
   * @param batchSize images of a batch.
   * @throws {OutOfMemoryError} where there is none.
   */
  constructor(
    readonly device: Device,
    readonly set: ImageSet,
    readonly constants: Pick<Dataset, "mean" | "std">,
    readonly batchSize: number,
  ) {
    this.count = set.count;
    using undone = new DisposableStack();
    this.#stream = undone.use(new DeviceStream(device));
    const shape = [batchSize, set.height, set.width, 3] as const;
    this.#slots = [undone.use(new Slot(device, shape)), undone.use(new Slot(device, shape))];
    const rows = Int32Array.from({ length: batchSize }, (_, row) => row);
    this.#rows = undone.use(unscoped(() => Tensor.from(device, rows, [batchSize])));
    undone.move();
  }

  /** As {@linkcode ImageStore.batch}, of the constructor's size. */
  batch(indices: Int32Array<ArrayBuffer>): StoredBatch {
    // What reads the batch before was queued by now: behind it, its room is free for the next.
    this.#present?.released.record(null);
    const [first, second] = this.#slots;
    const [next, other] = this.#present === first ? [second, first] : [first, second];
    const slot = same(next.indices, indices) ? next : same(other.indices, indices) ? other : this.#load(next, indices);
    slot.arrived.holdUp(null);
    this.#present = slot;
    return { images: slot.images, rows: this.#rows };
  }

  /** As {@linkcode ImageStore.prefetch}. */
  prefetch(indices: Int32Array<ArrayBuffer>): void {
    const [first, second] = this.#slots;
    this.#load(this.#present === first ? second : first, indices);
  }

  #load(slot: Slot, indices: Int32Array<ArrayBuffer>): Slot {
    const { set: { images, height, width }, device, batchSize } = this;
    if (indices.length !== batchSize) {
      throw new ShapeError(`a batch of ${indices.length} images where ${batchSize} were announced`);
    }
    const bytes = height * width * 3;
    // The upload before may still read the pinned memory.
    slot.arrived.wait();
    const { bytes: pinned } = slot.pinned;
    indices.forEach((image, row) => pinned.set(images.subarray(image * bytes, (image + 1) * bytes), row * bytes));
    slot.released.holdUp(this.#stream.handle);
    device.kernels.sl_upload(this.#stream.handle, slot.images.pointer, pinned, pinned.length);
    slot.arrived.record(this.#stream.handle);
    slot.indices = indices.slice();
    return slot;
  }

  /** As {@linkcode ImageStore.normalised}. */
  normalised(from: number, to: number): Tensor {
    const { height, width, images } = this.set;
    const bytes = height * width * 3;
    using part = Tensor.from(this.device, images.slice(from * bytes, to * bytes), [to - from, height, width, 3]);
    return normalisedImages(part, 0, to - from, this.constants);
  }

  /** Frees both batches, once nothing uses them any more. */
  [Symbol.dispose](): void {
    if (this.device.disposed) return;
    this.device.kernels.sl_synchronize();
    for (const slot of this.#slots) slot[Symbol.dispose]();
    this.#rows[Symbol.dispose]();
    this.#stream[Symbol.dispose]();
  }
}
