/**
 * What the native library made for a device and takes back.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";

/** One thing of the native library's, which ends with its device at the latest. */
export abstract class DeviceHandle implements Disposable {
  /** The device that it belongs to. */
  protected readonly device: Device;
  #handle: DevicePointer;

  /**
   * Has the library make it.
   *
   * @param create a native call that writes the handle.
   */
  protected constructor(device: Device, create: (slot: BigUint64Array<ArrayBuffer>) => void) {
    const slot = new BigUint64Array(1);
    create(slot);
    this.#handle = Deno.UnsafePointer.create(slot[0] ?? 0n);
    this.device = device;
  }

  /** What native calls take; null once it is freed. */
  get handle(): DevicePointer {
    return this.#handle;
  }

  /** The native call that takes it back. */
  protected abstract free(handle: DevicePointer): void;

  /** Frees it; a second call, or one after the device was closed, does nothing. */
  [Symbol.dispose](): void {
    const handle = this.#handle;
    this.#handle = null;
    if (handle !== null && !this.device.disposed) this.free(handle);
  }
}
