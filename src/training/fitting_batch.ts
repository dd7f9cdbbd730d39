/**
 * Finds the batch that fits a device, for the message of a run that found no memory.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { OutOfMemoryError } from "../errors.ts";
import { philoxNoise } from "../models/mod.ts";
import { Tensor } from "../tensor/mod.ts";
import type { RunConfig } from "../config/options.ts";
import { activationType, type Precision, withPrecision } from "../tensor/precision.ts";
import { trainingStep } from "./step.ts";
import type { Trainee } from "./trainee.ts";

/** The batches to try: small, but with more than one row for every norm. */
const TRIED = [2, 6] as const;
/**
 * The share of the device's memory that tensors may take. The rest is for driver and libraries, and lost between
 * buffers.
 */
const USABLE = 0.9;

/** The run to try. */
export interface MemoryProbe {
  /** The network. The trial moves its weights: they are useless afterwards. */
  readonly trainee: Trainee;
  /** Options of the run. */
  readonly config: RunConfig;
  /** The precision of its steps. */
  readonly precision: Precision;
  /** Height and width of the images, in pixels. */
  readonly size: readonly [number, number];
}

/** The highest device memory in use during one step on a batch. */
function peakOfStep(device: Device, { trainee, config, precision, size }: MemoryProbe, batch: number): number {
  using view = Tensor.full(device, [batch, ...size, 3], 0.5, activationType(precision));
  device.resetPeakMemory();
  const noise = (pass: number) => philoxNoise(device, { seed: config.seed, step: 0 }, pass);
  const inputs = { views: [view, view], epoch: config.gateWarmup, rate: 0, noise } as const;
  using _report = withPrecision(device, precision, () => trainingStep(trainee, config, inputs));
  return device.memory().peak;
}

/**
 * The largest batch whose step fits the device's memory. Two small steps give the memory per image and the memory that
 * every step needs.
 *
 * @returns null if not even a small step fits.
 */
export function fittingBatch(device: Device, probe: MemoryProbe): number | null {
  device.trimMemory();
  try {
    const [few, more] = TRIED.map((batch) => peakOfStep(device, probe, batch));
    const perImage = ((more ?? NaN) - (few ?? NaN)) / (TRIED[1] - TRIED[0]);
    const room = USABLE * device.memoryTotal() - ((few ?? NaN) - TRIED[0] * perImage);
    const batch = Math.floor(room / perImage);
    return batch >= TRIED[0] ? batch : null;
  } catch (error) {
    if (error instanceof OutOfMemoryError) return null;
    throw error;
  }
}

/** Adds to the error of a step that found no memory the batch that fits. */
export function withFittingBatch(error: OutOfMemoryError, device: Device, probe: MemoryProbe): OutOfMemoryError {
  const batch = fittingBatch(device, probe);
  // The estimate may allow the batch that found no memory: gaps between buffers and buffers of other work take some,
  // too.
  const remedy = batch === null
    ? "no batch of this network fits, give a smaller --width"
    : batch >= probe.config.batch
    ? `a batch of ${probe.config.batch} just misses, give a smaller --batch`
    : `a batch of ${batch} would fit, give --batch ${batch}`;
  return new OutOfMemoryError(error.operation, `${error.message}; ${remedy}`, { cause: error });
}
