/**
 * Host memory that the device reads and writes while the host goes on.
 *
 * @module
 */
import { ShapeError } from "../errors.ts";
import type { Device, DevicePointer } from "./device.ts";

/** Pinned host memory of the device's allocator. */
export class PinnedMemory implements Disposable {
  readonly #device: Device;
  readonly #size: number;
  #pointer: DevicePointer;

  /**
   * Allocates `bytes` bytes, one or more, with undefined contents.
   *
   * @throws {OutOfMemoryError} where no pinned memory is left.
   */
  constructor(device: Device, bytes: number) {
    const slot = new BigUint64Array(1);
    device.kernels.sl_host_malloc(bytes, slot);
    this.#pointer = Deno.UnsafePointer.create(slot[0] ?? 0n);
    this.#device = device;
    this.#size = bytes;
  }

  /** The memory, as long as it is not freed. @throws {ShapeError} after disposal. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#pointer === null) throw new ShapeError("pinned memory was used after it was freed");
    return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(this.#pointer, this.#size));
  }

  /** Frees the memory, which nothing may be copying any more; a second call, or one after the device was closed, does nothing. */
  [Symbol.dispose](): void {
    const pointer = this.#pointer;
    this.#pointer = null;
    if (pointer !== null && !this.#device.disposed) this.#device.kernels.sl_host_free(pointer);
  }
}
