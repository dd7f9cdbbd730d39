/**
 * Bytes on their way from the device to the host.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";

/**
 * A copy to pinned host memory that was queued behind the work of its moment: waiting for it waits for that work, and for none that was
 * queued since.
 */
export class PendingDownload implements Disposable {
  readonly #device: Device;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #slot = new BigUint64Array(1);
  #memory: DevicePointer = null;
  #event: DevicePointer = null;

  /**
   * Queues the copy of `bytes` bytes, one or more.
   *
   * @throws {OutOfMemoryError} where no pinned memory is left.
   */
  constructor(device: Device, source: DevicePointer, bytes: number) {
    this.#device = device;
    const { kernels } = device;
    kernels.sl_host_malloc(bytes, this.#slot);
    this.#memory = Deno.UnsafePointer.create(this.#slot[0] ?? 0n);
    if (this.#memory === null) throw new TypeError("sl_host_malloc gave no memory");
    this.#bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(this.#memory, bytes));
    kernels.sl_event_create(this.#slot);
    this.#event = Deno.UnsafePointer.create(this.#slot[0] ?? 0n);
    kernels.sl_download(null, this.#bytes, source, bytes);
    kernels.sl_event_record(this.#event, null);
  }

  /** Waits for the copy, and gives the bytes as a new buffer. */
  wait(): ArrayBuffer {
    this.#device.kernels.sl_event_synchronize(this.#event);
    return this.#bytes.slice().buffer;
  }

  /** Frees what the copy used; a second call does nothing. */
  [Symbol.dispose](): void {
    if (this.#memory === null) return;
    const { kernels } = this.#device;
    // The copy may still be under way.
    kernels.sl_event_synchronize(this.#event);
    kernels.sl_event_destroy(this.#event);
    kernels.sl_host_free(this.#memory);
    this.#memory = null;
  }
}
