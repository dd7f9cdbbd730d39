/**
 * The one way that speed is measured: by the clock around work that the device has finished.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";

/** The middle value, that of an even number the mean of the middle two; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** Milliseconds that `work` takes, the device's own included. */
export function timed(device: Device, work: () => void): number {
  device.kernels.sl_synchronize();
  const start = performance.now();
  work();
  device.kernels.sl_synchronize();
  return performance.now() - start;
}

/** Milliseconds that a promise takes to be kept. */
export async function timedPromise(promise: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await promise();
  return performance.now() - start;
}

/** For how long {@linkcode fastestMilliseconds} repeats a call. */
const MEASURED_MILLISECONDS = 150;
/** How often at least. */
const MEASURED_CALLS = 5;

/**
 * The fastest of repeated calls in milliseconds, each ended by waiting for the device; one to warm up is not counted.
 * The fastest and not the median, since other programs of the machine can only slow a call down.
 *
 * @param prepare does what is not measured, and returns what is.
 * @param milliseconds for how long to repeat, five calls at least.
 */
export function fastestMilliseconds(
  device: Device,
  prepare: () => () => void,
  milliseconds: number = MEASURED_MILLISECONDS,
): number {
  timed(device, prepare());
  let [fastest, total] = [Infinity, 0];
  for (let calls = 0; calls < MEASURED_CALLS || total < milliseconds; calls++) {
    const time = timed(device, prepare());
    fastest = Math.min(fastest, time);
    // A call too short for the clock counts for something too, so that this ends.
    total += Math.max(time, milliseconds / 1000);
  }
  return fastest;
}
