/**
 * Points in the device's streams.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";

/** An event: the point of a stream where it was recorded last. Streams are handles, null the compute stream. */
export class DeviceEvent implements Disposable {
  readonly #device: Device;
  #handle: DevicePointer;

  /** An event that was not recorded yet: nobody waits for it. */
  constructor(device: Device) {
    const slot = new BigUint64Array(1);
    device.kernels.sl_event_create(slot);
    this.#handle = Deno.UnsafePointer.create(slot[0] ?? 0n);
    this.#device = device;
  }

  /** Marks the present end of a stream. */
  record(stream: DevicePointer): void {
    this.#device.kernels.sl_event_record(this.#handle, stream);
  }

  /** Has later work of a stream wait for the point. */
  holdUp(stream: DevicePointer): void {
    this.#device.kernels.sl_event_wait(this.#handle, stream);
  }

  /** Waits for the point. */
  wait(): void {
    this.#device.kernels.sl_event_synchronize(this.#handle);
  }

  /** Frees the event; a second call, or one after the device was closed, does nothing. */
  [Symbol.dispose](): void {
    const handle = this.#handle;
    this.#handle = null;
    if (handle !== null && !this.#device.disposed) this.#device.kernels.sl_event_destroy(handle);
  }
}
