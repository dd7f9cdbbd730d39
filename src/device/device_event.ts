/**
 * Points in the device's streams.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";
import { DeviceHandle } from "./device_handle.ts";

/** An event: the point of a stream where it was recorded last. Streams are handles, null the compute stream. */
export class DeviceEvent extends DeviceHandle {
  /** An event that was not recorded yet: nobody waits for it. */
  constructor(device: Device) {
    super(device, (slot) => device.kernels.sl_event_create(slot));
  }

  /** Marks the present end of a stream. */
  record(stream: DevicePointer): void {
    this.device.kernels.sl_event_record(this.handle, stream);
  }

  /** Has later work of a stream wait for the point. */
  holdUp(stream: DevicePointer): void {
    this.device.kernels.sl_event_wait(this.handle, stream);
  }

  /** Waits for the point. */
  wait(): void {
    this.device.kernels.sl_event_synchronize(this.handle);
  }

  /** Returns it to the library. */
  protected override free(handle: DevicePointer): void {
    this.device.kernels.sl_event_destroy(handle);
  }
}
