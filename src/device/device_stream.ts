/**
 * Streams, which run work beside the compute stream.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";
import { DeviceHandle } from "./device_handle.ts";

/** A queue of work that runs in order, at the same time as the work of other streams. */
export class DeviceStream extends DeviceHandle {
  /** Creates an empty stream. */
  constructor(device: Device) {
    super(device, (slot) => device.kernels.sl_stream_create(slot));
  }

  /**
   * Queues a copy from pinned memory to the device. Another stream must wait for an event of this one before it reads.
   */
  upload(destination: DevicePointer, source: Uint8Array<ArrayBuffer>, bytes: number): void {
    this.device.kernels.sl_upload(this.handle, destination, source, bytes);
  }

  /** Gives the handle back to the library. */
  protected override free(handle: DevicePointer): void {
    this.device.kernels.sl_stream_destroy(handle);
  }
}
