/**
 * Scalars on their way from the device to the host.
 *
 * @module
 */
import { PendingDownload } from "../device/mod.ts";
import { stack } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** Scalars by name: reading them waits for what computes them, and for nothing queued after it. */
export interface PendingScalars extends Disposable {
  /** Reads them. */
  read(): Record<string, number>;
}

/** Begins to download scalars, each [1] f32, that need not outlive the call. */
export function downloadScalars(scalars: ReadonlyMap<string, Tensor>): PendingScalars {
  const names = [...scalars.keys()];
  const stacked = stack(null, [...scalars.values()]);
  const pending = new PendingDownload(stacked.device, stacked.pointer, names.length * Float32Array.BYTES_PER_ELEMENT);
  return {
    read: () => {
      const values = new Float32Array(pending.wait());
      return Object.fromEntries(names.map((name, index) => [name, values[index] ?? NaN]));
    },
    [Symbol.dispose]: () => pending[Symbol.dispose](),
  };
}
