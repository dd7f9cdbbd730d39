/**
 * Events, which let streams and the host wait for each other.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";
import { DeviceHandle } from "./device_handle.ts";

/**
 * A point in a stream: the end of the work that was queued when the event was recorded. A null stream is the compute
 * stream.
 */
export class DeviceEvent extends DeviceHandle {
  /** Creates an event. Waiting for it returns at once until it is recorded. */
  constructor(device: Device) {
    super(device, (slot) => device.kernels.sl_event_create(slot));
  }

  /** Marks the present end of a stream. */
  record(stream: DevicePointer): void {
    this.device.kernels.sl_event_record(this.handle, stream);
  }

  /** Makes later work of a stream wait for the event. */
  holdUp(stream: DevicePointer): void {
    this.device.kernels.sl_event_wait(this.handle, stream);
  }

  /** Makes the host wait for the event. */
  wait(): void {
    this.device.kernels.sl_event_synchronize(this.handle);
  }

  /** Gives the handle back to the library. */
  protected override free(handle: DevicePointer): void {
    this.device.kernels.sl_event_destroy(handle);
  }
}
