/**
 * Host memory that the device reads and writes while the host goes on.
 *
 * @module
 */
import { MisuseError } from "../errors.ts";
import type { Device, DevicePointer } from "./device.ts";
import { DeviceHandle } from "./device_handle.ts";

/** Pinned host memory of the device's allocator, to be freed when nothing copies it any more. */
export class PinnedMemory extends DeviceHandle {
  readonly #size: number;

  /**
   * Allocates `bytes` bytes, one or more, with undefined contents.
   *
   * @throws {OutOfMemoryError} where no pinned memory is left.
   */
  constructor(device: Device, bytes: number) {
    super(device, (slot) => device.kernels.sl_host_malloc(bytes, slot));
    this.#size = bytes;
  }

  /** The memory, as long as it is not freed. @throws {MisuseError} after disposal. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.handle === null) throw new MisuseError("pinned memory was used after it was freed");
    return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(this.handle, this.#size));
  }

  /** Returns it to the library. */
  protected override free(handle: DevicePointer): void {
    this.device.kernels.sl_host_free(handle);
  }
}
