/**
 * Pinned host memory, which transfers read and write while the host goes on.
 *
 * @module
 */
import { MisuseError } from "../errors.ts";
import type { Device, DevicePointer } from "./device.ts";
import { DeviceHandle } from "./device_handle.ts";

/** Pinned host memory. Free it only when no transfer uses it any more. */
export class PinnedMemory extends DeviceHandle {
  readonly #size: number;

  /**
   * Allocates memory with undefined contents.
   *
   * @param bytes at least 1.
   * @throws {OutOfMemoryError} if no pinned memory is left.
   */
  constructor(device: Device, bytes: number) {
    super(device, (slot) => device.kernels.sl_host_malloc(bytes, slot));
    this.#size = bytes;
  }

  /** A view of the memory, valid until disposal. @throws {MisuseError} after disposal. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.handle === null) throw new MisuseError("pinned memory was used after it was freed");
    return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(this.handle, this.#size));
  }

  /** Gives the handle back to the library. */
  protected override free(handle: DevicePointer): void {
    this.device.kernels.sl_host_free(handle);
  }
}
