/**
 * Downloads that run while the host goes on.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";
import { DeviceEvent } from "./device_event.ts";
import { PinnedMemory } from "./pinned_memory.ts";

/**
 * A copy to pinned host memory, queued behind all work that was queued before it. Waiting for the copy does not wait
 * for work that was queued later.
 */
export class PendingDownload implements Disposable {
  readonly #device: Device;
  readonly #memory: PinnedMemory;
  readonly #event: DeviceEvent;
  #disposed = false;

  /**
   * Queues the copy.
   *
   * @param bytes at least 1.
   * @throws {OutOfMemoryError} if no pinned memory is left.
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

  /** Waits for the copy and returns its bytes in a new buffer. @throws {MisuseError} after disposal. */
  wait(): ArrayBuffer {
    const { bytes } = this.#memory;
    this.#event.wait();
    return bytes.slice().buffer;
  }

  /** Frees the memory of the copy. Does nothing if it is freed already, or if the device is closed. */
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
