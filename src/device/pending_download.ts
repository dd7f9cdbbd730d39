/**
 * Bytes on their way from the device to the host.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";
import { DeviceEvent } from "./device_event.ts";
import { PinnedMemory } from "./pinned_memory.ts";

/**
 * A copy to pinned host memory that was queued behind the work of its moment: waiting for it waits for that work, and for none that was
 * queued since.
 */
export class PendingDownload implements Disposable {
  readonly #device: Device;
  readonly #memory: PinnedMemory;
  readonly #event: DeviceEvent;
  #disposed = false;

  /**
   * Queues the copy of `bytes` bytes, one or more.
   *
   * @throws {OutOfMemoryError} where no pinned memory is left.
   */
  constructor(device: Device, source: DevicePointer, bytes: number) {
    using undone = new DisposableStack();
    this.#device = device;
    this.#memory = undone.use(new PinnedMemory(device, bytes));
    this.#event = undone.use(new DeviceEvent(device));
    device.kernels.sl_download(null, this.#memory.bytes, source, bytes);
    this.#event.record(null);
    undone.move();
  }

  /** Waits for the copy, and gives the bytes as a new buffer. @throws {MisuseError} after disposal. */
  wait(): ArrayBuffer {
    const { bytes } = this.#memory;
    this.#event.wait();
    return bytes.slice().buffer;
  }

  /** Frees what the copy used; a second call, or one after the device was closed, does nothing. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    try {
      // The copy may still be under way.
      if (!this.#device.disposed) this.#event.wait();
    } finally {
      this.#event[Symbol.dispose]();
      this.#memory[Symbol.dispose]();
    }
  }
}
