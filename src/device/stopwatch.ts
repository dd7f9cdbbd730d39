/**
 * Measures time: every benchmark reads the clock here, once the device has finished its work.
 *
 * @module
 */
import type { Device } from "./device.ts";

/**
 * The value below which a share of the values lies, linear between two neighbours as in NumPy; NaN of an empty list.
 *
 * @param share in 0..1.
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return below + (place - Math.floor(place)) * (above - below);
}

/** The median; the mean of the middle two of an even number of values; NaN of an empty list. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Milliseconds that `work` takes, including what it queues on the device. */
export function timed(device: Device, work: () => void): number {
  device.synchronize();
  const start = performance.now();
  work();
  device.synchronize();
  return performance.now() - start;
}

/** Milliseconds that a promise takes to be kept. */
export async function timedPromise(promise: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await promise();
  return performance.now() - start;
}

/** How long {@linkcode fastestMilliseconds} repeats a call, in milliseconds. */
const MEASURED_MILLISECONDS = 150;
/** Least number of repetitions. */
const MEASURED_CALLS = 5;

/**
 * The milliseconds of the fastest of repeated calls, after one call to warm up. It takes the fastest, not the median,
 * because other programs on the machine can only slow a call down.
 *
 * @param prepare does the unmeasured part, and returns the work to measure.
 * @param milliseconds how long to repeat; at least five calls are made.
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
    // A call too short for the clock counts a little, so that the loop ends.
    total += Math.max(time, milliseconds / 1000);
  }
  return fastest;
}
