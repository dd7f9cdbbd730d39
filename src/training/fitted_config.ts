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

/** A configuration that fits, and what it needs. */
export interface FittedConfig {
  /** All options, the batch among them. */
  readonly config: RunConfig;
  /** Bytes that the run needs, about. */
  readonly need: number;
  /** Bytes that there are. */
  readonly memory: number;
}

/** The smallest batch: a step compares images. */
const SMALLEST_BATCH = 2;
/** A batch that memory limits is a multiple of this, if it is as large. */
const BATCH_STEP = 8;
/** The share of memory that a default may take: the rest is the system's, a GPU's libraries', and what the estimate misses. */
const USABLE = { cpu: 0.85, cuda: 0.9 } as const;

/** The default batch for a number of images, before memory is looked at. */
export function usualBatch(images: number): Pick<RunConfig, "batch"> {
  return { batch: Math.max(SMALLEST_BATCH, Math.min(USUAL_BATCH, images)) };
}

/** `1.4 GB`, `350 MB`: sizes of memory, for people. */
export function describeBytes(bytes: number): string {
  const [size, unit] = bytes >= 1e9 ? [bytes / 1e9, "GB"] : [bytes / 1e6, "MB"];
  return `${size >= 10 ? Math.round(size) : size.toFixed(1)} ${unit}`;
}

/**
 * The largest batch up to `most` whose need is within a limit, or null. More images never need less.
 *
 * @param need of a batch, in bytes.
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
 * Resolves a configuration for a device and images. A batch that a flag, the file or the preset gives stays as it is; the default is
 * 256, or the number of images, or what the memory has room for. It depends on how much memory the machine or its control group has in
 * all, and not on how much is free, so that repeating a run on a machine repeats its batch.
 *
 * @param memory bytes that the run may have; the device's by default.
 * @throws {InvalidOptionError} as {@linkcode resolveConfig}, and if the run cannot fit: with a batch that would, if there is one.
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
