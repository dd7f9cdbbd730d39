/**
 * Speed of the training step for many widths, batches, precisions and thread counts.
 *
 * @module
 */
import { Device } from "../device/mod.ts";
import type { RunConfig } from "../config/options.ts";
import { precisions, resolvePrecision } from "../tensor/precision.ts";
import { benchStep, peakOf, type StepBenchmark } from "./step.ts";

/** Speed of the step with one combination of settings. */
export interface SweepRow extends StepBenchmark {
  /** Channels of the first stage. */
  readonly width: number;
  /** Images per step. */
  readonly batch: number;
  /** Width of the projector. */
  readonly projector: number;
}

/** The values of the settings. The projector's width follows the network's. */
const WIDTHS = [16, 32, 64];
const BATCHES = [64, 256];
const PROJECTOR_PER_WIDTH = 32;
const LARGEST_PROJECTOR = 2048;
/** Few steps, so that all rows take minutes: the largest steps take seconds each. */
const SWEEP_WARMUP = 1;
const SWEEP_STEPS = 3;

/** How to measure a sweep. */
export interface SweepOptions {
  /** Steps to time per row; default 3. */
  readonly steps?: number;
  /** Called with every row once it is measured. */
  readonly progress?: (row: SweepRow) => void;
}

/**
 * The configurations of a sweep on a device: every combination of the settings.
 *
 * @param config the settings that all steps share.
 * @param given names of settings that keep the configuration's value.
 */
export function sweepConfigs(
  config: RunConfig,
  given: ReadonlySet<string>,
  device: Pick<Device, "description">,
): RunConfig[] {
  const { kind, cores, ...has } = device.description;
  const varied = <Key extends keyof RunConfig>(name: Key, values: readonly RunConfig[Key][]) =>
    given.has(name) ? [config[name]] : values;
  const possible = precisions.filter((precision) => precision === "f32" || has[precision]);
  const threadCounts = [...new Set(kind === "cpu" ? [1, cores] : [1])];
  return varied("width", WIDTHS).flatMap((width) => {
    const projector = given.has("projector")
      ? config.projector
      : Math.min(PROJECTOR_PER_WIDTH * width, LARGEST_PROJECTOR);
    return varied("batch", BATCHES).flatMap((batch) =>
      varied("precision", possible).flatMap((precision) =>
        varied("threads", threadCounts).map((threads) => ({ ...config, width, projector, batch, precision, threads }))
      )
    );
  });
}

/**
 * Times the steps of {@linkcode sweepConfigs}, and opens a device for each.
 *
 * @throws {InvalidInputError} if the device lacks the configuration's precision.
 */
export function benchSweep(configs: readonly RunConfig[], options: SweepOptions = {}): SweepRow[] {
  const { steps = SWEEP_STEPS, progress } = options;
  const peaks = new Map<string, number>();
  return configs.map((config) => {
    using device = Device.open({ device: config.device, threads: config.threads });
    const precision = resolvePrecision(config.precision, device.description);
    const key = `${precision} ${device.threads}`;
    const peak = peaks.get(key) ?? peakOf(device, precision);
    peaks.set(key, peak);
    const { width, batch, projector } = config;
    const measured = benchStep(device, config, { warmup: SWEEP_WARMUP, steps, peak });
    const row = { width, batch, projector, ...measured };
    progress?.(row);
    return row;
  });
}
