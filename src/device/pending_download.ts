/**
 * Bytes on their way from the device to the host.
 *
 * @module
 */
import { ShapeError } from "../errors.ts";
import type { Device, DevicePointer } from "./device.ts";

/**
 * A copy to pinned host memory that was queued behind the work of its moment: waiting for it waits for that work, and for none that was
 * queued since.
 */
export class PendingDownload implements Disposable {
  readonly #device: Device;
  readonly #size: number;
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
    this.#size = bytes;
    const { kernels } = device;
    try {
      kernels.sl_host_malloc(bytes, this.#slot);
      this.#memory = Deno.UnsafePointer.create(this.#slot[0] ?? 0n);
      kernels.sl_event_create(this.#slot);
      this.#event = Deno.UnsafePointer.create(this.#slot[0] ?? 0n);
      kernels.sl_download(null, this.#view(), source, bytes);
      kernels.sl_event_record(this.#event, null);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** The pinned memory. @throws {ShapeError} after disposal. */
  #view(): Uint8Array<ArrayBuffer> {
    if (this.#memory === null) throw new ShapeError("a pending download was used after it was freed");
    return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(this.#memory, this.#size));
  }

  /** Waits for the copy, and gives the bytes as a new buffer. @throws {ShapeError} after disposal. */
  wait(): ArrayBuffer {
    const view = this.#view();
    this.#device.kernels.sl_event_synchronize(this.#event);
    return view.slice().buffer;
  }

  /** Frees what the copy used; a second call, or one after the device was closed, does nothing. */
  [Symbol.dispose](): void {
    const [memory, event] = [this.#memory, this.#event];
    this.#memory = this.#event = null;
    if (this.#device.disposed) return;
    const { kernels } = this.#device;
    try {
      // The copy may still be under way.
      if (event !== null) kernels.sl_event_synchronize(event);
    } finally {
      if (event !== null) kernels.sl_event_destroy(event);
      if (memory !== null) kernels.sl_host_free(memory);
    }
  }
}
