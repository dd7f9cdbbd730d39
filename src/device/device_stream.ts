/**
 * Queues of work beside the compute stream.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";
import { DeviceHandle } from "./device_handle.ts";

/** A stream: what is queued in it runs in order, and beside what other streams have. */
export class DeviceStream extends DeviceHandle {
  /** An empty stream. */
  constructor(device: Device) {
    super(device, (slot) => device.kernels.sl_stream_create(slot));
  }

  /** Queues a copy from pinned memory to the device. Another stream must wait for an event of this one before it reads. */
  upload(destination: DevicePointer, source: Uint8Array<ArrayBuffer>, bytes: number): void {
    this.device.kernels.sl_upload(this.handle, destination, source, bytes);
  }

  /** Returns it to the library. */
  protected override free(handle: DevicePointer): void {
    this.device.kernels.sl_stream_destroy(handle);
  }
}
