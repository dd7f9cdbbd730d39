/**
 * The default batch that fits a run's images and memory, and refusals of runs that do not fit.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { InvalidOptionError } from "../errors.ts";
import { type ConfigSources, isGiven, resolveConfig } from "../config/config.ts";
import { type ImageMemory, memoryNeed } from "./memory_need.ts";
import { type RunConfig, USUAL_BATCH } from "../config/options.ts";

/** A configuration that fits the images and the memory. */
export interface FittedConfig {
  /** All options, including the batch. */
  readonly config: RunConfig;
  /** Estimate of the memory that the run needs, in bytes. */
  readonly need: number;
  /** The memory that the run may use, in bytes. */
  readonly memory: number;
}

/** A step compares images with each other, so it needs at least two. */
const SMALLEST_BATCH = 2;
/** A batch of at least this size that memory limits is rounded down to a multiple of it. */
const BATCH_STEP = 8;
/**
 * The share of memory that the default batch may take. The rest is for the system, a GPU's libraries, and errors of the
 * estimate.
 */
const USABLE = { cpu: 0.85, cuda: 0.9 } as const;

/** The default batch for a number of images, if memory does not limit it. */
export function usualBatch(images: number): Pick<RunConfig, "batch"> {
  return { batch: Math.max(SMALLEST_BATCH, Math.min(USUAL_BATCH, images)) };
}

/** An amount of memory for people: `1.4 GB`, `350 MB`. */
export function describeBytes(bytes: number): string {
  // std's format has three digits, more than an estimate is worth.
  const [size, unit] = bytes >= 1e9 ? [bytes / 1e9, "GB"] : [bytes / 1e6, "MB"];
  return `${size >= 10 ? Math.round(size) : size.toFixed(1)} ${unit}`;
}

/**
 * The largest batch up to `most` whose need is within a limit; null if no batch is. It searches by bisection: a larger
 * batch never needs less.
 *
 * @param need returns the bytes that a batch needs.
 */
export function largestBatch(most: number, limit: number, need: (batch: number) => number): number | null {
  if (need(most) <= limit) return most;
  let [fits, exceeds] = [0, most];
  while (exceeds - fits > 1) {
    const middle = Math.floor((fits + exceeds) / 2);
    if (middle < SMALLEST_BATCH) break;
    if (need(middle) <= limit) fits = middle;
    else exceeds = middle;
  }
  if (fits < SMALLEST_BATCH) return null;
  return fits < BATCH_STEP ? fits : Math.floor(fits / BATCH_STEP) * BATCH_STEP;
}

function refusal(asked: RunConfig, need: number, memory: number, fitting: number | null): InvalidOptionError {
  const of = `needs about ${describeBytes(need)} of memory, and there are ${describeBytes(memory)}`;
  if (fitting !== null) {
    return new InvalidOptionError("batch", `--batch ${asked.batch}: ${of}; give --batch ${fitting} or less`);
  }
  const smaller = `give a smaller --width, --projector or --image-size`;
  return new InvalidOptionError("width", `--width ${asked.width}: even a batch of ${SMALLEST_BATCH} ${of}; ${smaller}`);
}

/**
 * Resolves a configuration for a device and images. A batch from a flag, the file or the preset stays as it is. The
 * default batch is 256, or fewer if there are fewer images or too little memory. What counts is the total memory of the
 * machine or its control group, not the free memory, so that a repeated run has the same batch.
 *
 * @param memory bytes that the run may use; defaults to all of the device's memory.
 * @throws {InvalidOptionError} as {@linkcode resolveConfig} does, and if the run does not fit; the message names a
 * batch that fits, if there is one.
 */
export function fitConfig(
  sources: ConfigSources,
  device: Device,
  images: ImageMemory,
  memory: number = device.memoryTotal(),
): FittedConfig {
  const asked = resolveConfig({ ...sources, fitted: { ...usualBatch(images.count), ...sources.fitted } });
  const needOf = (batch: number) => memoryNeed(device, { ...asked, batch }, images, memory);
  const usable = USABLE[device.kind] * memory;
  const fitting = largestBatch(asked.batch, usable, needOf);
  const keeps = isGiven("batch", sources) || sources.fitted?.batch !== undefined;
  const batch = keeps ? asked.batch : fitting ?? SMALLEST_BATCH;
  const need = needOf(batch);
  if (need > memory) throw refusal({ ...asked, batch }, need, memory, fitting);
  return { config: resolveConfig({ ...sources, fitted: { ...sources.fitted, batch } }), need, memory };
}
