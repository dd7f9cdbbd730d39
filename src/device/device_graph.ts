/**
 * Recorded work of a device, which one native call repeats.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";
import { DeviceHandle } from "./device_handle.ts";

/**
 * The native calls of a function, recorded as a CUDA graph instead of being made.
 *
 * What a call is given as a number stays as it is; what it reads from device memory is read anew in every launch. The
 * memory that the function allocates is the graph's: no other work gets it, so whatever the function does not free
 * holds the results of the latest launch.
 */
export class DeviceGraph extends DeviceHandle {
  private constructor(device: Device) {
    super(device, (slot) => device.kernels.sl_graph_begin(slot));
  }

  /**
   * Records what `work` does. Do the same work once before: the first use of a shape may measure or compile.
   *
   * @returns the graph, and what `work` has returned. Its tensors hold nothing before the first launch.
   * @throws {UnsupportedError} on a CPU, and if the work uploads, downloads or waits.
   * @throws {NativeError} if the device cannot record it. The device computes as before then.
   */
  static record<T>(device: Device, work: () => T): readonly [graph: DeviceGraph, result: T] {
    using undone = new DisposableStack();
    const graph = undone.use(new DeviceGraph(device));
    const result = work();
    device.kernels.sl_graph_end(graph.handle);
    undone.move();
    return [graph, result];
  }

  /** Queues the recorded work. */
  launch(): void {
    this.device.kernels.sl_graph_launch(this.handle);
  }

  /** Waits for the device and frees the graph. */
  protected override free(handle: DevicePointer): void {
    this.device.kernels.sl_graph_destroy(handle);
  }
}
