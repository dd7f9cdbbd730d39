/**
 * Handles of the native library's objects.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";

/** An object that the native library made for a device. It ends with its device at the latest. */
export abstract class DeviceHandle implements Disposable {
  /** The device that the object belongs to. */
  protected readonly device: Device;
  #handle: DevicePointer;

  /**
   * Makes the object.
   *
   * @param create the native call that makes it and writes its handle to the slot.
   */
  protected constructor(device: Device, create: (slot: BigUint64Array<ArrayBuffer>) => void) {
    const slot = new BigUint64Array(1);
    create(slot);
    this.#handle = Deno.UnsafePointer.create(slot[0] ?? 0n);
    this.device = device;
  }

  /** The handle that native calls take; null after disposal. */
  get handle(): DevicePointer {
    return this.#handle;
  }

  /** Frees the object by a native call. */
  protected abstract free(handle: DevicePointer): void;

  /** Frees the object. Does nothing if it is freed already, or if the device is closed. */
  [Symbol.dispose](): void {
    const handle = this.#handle;
    this.#handle = null;
    if (handle !== null && !this.device.disposed) this.free(handle);
  }
}
