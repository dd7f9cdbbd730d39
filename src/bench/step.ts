/**
 * Speed of the training step.
 *
 * @module
 */
import process from "node:process";
import type { Device } from "../device/mod.ts";
import { InvalidInputError } from "../errors.ts";
import { featureSize, type NetworkCost, philoxNoise } from "../models/mod.ts";
import { matrixPeak } from "./ceilings.ts";
import { median, timed } from "../device/stopwatch.ts";
import { Scope } from "../tensor/mod.ts";
import type { RunConfig } from "../config/options.ts";
import { plannedPairs } from "../training/passes.ts";
import { activationType, type Precision, resolvePrecision, withPrecision } from "../tensor/precision.ts";
import { stepTaker } from "../training/recorded_steps.ts";
import type { StepInputs } from "../training/step_inputs.ts";
import { createTrainee } from "../training/trainee.ts";
import { IMAGE_SIDE, randomImages } from "./images.ts";
import { type Profile, profile } from "./profile.ts";

/** Speed of a training step. */
export interface StepBenchmark {
  /** Median time of a step. */
  readonly msPerStep: number;
  /** Views trained on per second. */
  readonly viewsPerSecond: number;
  /**
   * 10^9 operations per second of convolutions and linear layers, forward and backward; a multiply-add counts as two.
   */
  readonly gflops: number;
  /** `gflops` as a share of the measured peak of matrix products, in the same precision and on as many threads. */
  readonly shareOfPeak: number;
  /** Peak device memory during a step. */
  readonly peakBytes: number;
  /** Peak resident memory of the process so far; null if the system does not count it. */
  readonly residentBytes: number | null;
  /** Name of the device. */
  readonly device: string;
  /** Precision of activations and matrix operands. */
  readonly precision: Precision;
  /** CPU threads. */
  readonly threads: number;
  /** The profile of a step, if asked for. */
  readonly profile?: Profile;
}

/** How to measure a step. */
export interface StepBenchmarkOptions {
  /** Steps to time; default 5. */
  readonly steps?: number;
  /** Untimed steps before; default 2. */
  readonly warmup?: number;
  /** Whether to profile a step afterwards. */
  readonly profiled?: boolean;
  /** Peak of matrix products in operations per second; measured by default. */
  readonly peak?: number;
}

/** Steps to profile; an odd number. */
const PROFILED_STEPS = 3;

/** Measures the peak of matrix products in a precision, in operations per second. */
export function peakOf(device: Device, precision: Precision): number {
  return withPrecision(device, precision, () => matrixPeak(device, activationType(precision)));
}

/** Multiply-accumulates of one view's forward pass through encoder and projector. */
export function macsPerView(cost: NetworkCost, features: number, projector: number): number {
  return cost.macs + features * projector + 2 * projector * projector;
}

/** The highest resident memory of this process until now, in bytes; null if the system does not tell. */
function residentPeak(): number | null {
  // Not from /proc, which no permission short of all opens.
  const kibibytes = process.resourceUsage().maxRSS;
  return kibibytes > 0 ? kibibytes * 1024 : null;
}

/**
 * Times whole training steps on one batch held in memory: forward, backward and optimiser, without data and
 * augmentation.
 *
 * @throws {InvalidInputError} if the device lacks the configuration's precision, or with `cudaGraph` cannot record.
 */
export function benchStep(device: Device, config: RunConfig, options: StepBenchmarkOptions = {}): StepBenchmark {
  const { steps = 5, warmup = 2, profiled = false } = options;
  const precision = resolvePrecision(config.precision, device.description);
  using _scope = new Scope();
  using trainee = createTrainee(device, config, IMAGE_SIDE);
  const view = (stream: number) => randomImages(device, config.batch, stream, precision);
  const views = [view(1), view(2)] as const;
  using taker = stepTaker(trainee, config, (reason) => {
    throw new InvalidInputError(`--cuda-graph: the step cannot be recorded (${reason}); leave it out`);
  });
  let step = 0;
  const work = () => {
    const address = { seed: config.seed, step: step++ };
    const inputs: StepInputs = {
      views,
      epoch: config.gateWarmup,
      rate: config.lr,
      noise: (pass) => philoxNoise(device, address, pass),
      noiseScale: config.gateNoise,
    };
    using _report = withPrecision(device, precision, () => taker.run(inputs));
  };
  device.resetPeakMemory();
  for (let untimed = 0; untimed < warmup; untimed++) work();
  const msPerStep = median(Array.from({ length: steps }, () => timed(device, work)));
  const peakBytes = device.memory().peak;
  const residentBytes = residentPeak();
  const viewCount = 2 * config.batch * plannedPairs(config).length;
  // Backward costs two products for each one of forward.
  const flops = 2 * 3 * viewCount * macsPerView(trainee.cost, featureSize(config), config.projector);
  const gflops = flops / msPerStep / 1e6;
  return {
    msPerStep,
    viewsPerSecond: viewCount / msPerStep * 1000,
    gflops,
    shareOfPeak: gflops * 1e9 / (options.peak ?? peakOf(device, precision)),
    peakBytes,
    residentBytes,
    device: device.description.name,
    precision,
    threads: device.threads,
    ...(profiled ? { profile: profile(device, work, PROFILED_STEPS) } : {}),
  };
}
