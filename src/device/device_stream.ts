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

  /** Returns it to the library. */
  protected override free(handle: DevicePointer): void {
    this.device.kernels.sl_stream_destroy(handle);
  }
}
