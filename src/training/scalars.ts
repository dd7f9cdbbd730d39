/**
 * The scalars of a step: their sums and means, and their way from the device to the host.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { PendingDownload } from "../device/mod.ts";
import { binary, scale, stack } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** The sum of scalars, each [1] f32, times a factor; null for an empty list. */
export function weightedSum(tape: Recorder, scalars: readonly Tensor[], factor: number): Tensor | null {
  if (scalars.length === 0) return null;
  const total = scalars.reduce((sum, scalar) => binary(tape, "add", sum, scalar));
  return factor === 1 ? total : scale(tape, total, factor);
}

/** The mean over several records of each scalar that the first record names. */
export function meanByName(
  tape: Recorder,
  records: readonly Readonly<Record<string, Tensor>>[],
): Record<string, Tensor> {
  const means: Record<string, Tensor> = {};
  for (const name of Object.keys(records[0] ?? {})) {
    const mean = weightedSum(tape, records.flatMap((record) => record[name] ?? []), 1 / records.length);
    if (mean) means[name] = mean;
  }
  return means;
}

/**
 * Scalars by name, on their way to the host. Reading waits for the work that computes them, and for nothing queued
 * after it.
 */
export interface PendingScalars extends Disposable {
  /** Waits for the scalars and returns them. */
  read(): Record<string, number>;
}

/** Scalars by name, side by side in one tensor. */
export interface StackedScalars {
  /**
   * Begins to download them. The tensor may be freed as soon as the call returns; if it holds new values, they can be
   * downloaded again.
   */
  download(): PendingScalars;
}

/** Stacks scalars, each [1] f32; the innermost open scope owns the stack. */
export function stackScalars(scalars: ReadonlyMap<string, Tensor>): StackedScalars {
  const names = [...scalars.keys()];
  const stacked = stack(null, [...scalars.values()]);
  const download = () => {
    const pending = new PendingDownload(stacked.device, stacked.pointer, names.length * Float32Array.BYTES_PER_ELEMENT);
    return {
      read: () => {
        const values = new Float32Array(pending.wait());
        return Object.fromEntries(names.map((name, index) => [name, values[index] ?? NaN]));
      },
      [Symbol.dispose]: () => pending[Symbol.dispose](),
    };
  };
  return { download };
}
