/**
 * Queues of work beside the compute stream.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";

/** A stream: what is queued in it runs in order, and beside what other streams have. */
export class DeviceStream implements Disposable {
  readonly #device: Device;
  #handle: DevicePointer;

  /** An empty stream. */
  constructor(device: Device) {
    const slot = new BigUint64Array(1);
    device.kernels.sl_stream_create(slot);
    this.#handle = Deno.UnsafePointer.create(slot[0] ?? 0n);
    this.#device = device;
  }

  /** What native calls take. */
  get handle(): DevicePointer {
    return this.#handle;
  }

  /** Frees the stream; a second call, or one after the device was closed, does nothing. */
  [Symbol.dispose](): void {
    const handle = this.#handle;
    this.#handle = null;
    if (handle !== null && !this.#device.disposed) this.#device.kernels.sl_stream_destroy(handle);
  }
}
