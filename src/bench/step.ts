/**
 * Speed of the training step.
 *
 * @module
 */
import process from "node:process";
import type { Device } from "../device/mod.ts";
import { featureSize, type NetworkCost, philoxNoise } from "../models/mod.ts";
import { matrixPeak } from "./ceilings.ts";
import { median, timed } from "./stopwatch.ts";
import { Scope } from "../tensor/mod.ts";
import type { RunConfig } from "../config/options.ts";
import { plannedPairs } from "../training/passes.ts";
import { activationType, type Precision, resolvePrecision, withPrecision } from "../config/precision.ts";
import { type StepInputs, trainingStep } from "../training/step.ts";
import { createTrainee } from "../training/trainee.ts";
import { IMAGE_SIDE, randomImages } from "./images.ts";
import { type Profile, profile } from "./profile.ts";

/** Speed of a training step. */
export interface StepBenchmark {
  /** Median. */
  readonly msPerStep: number;
  /** Views trained on in a second. */
  readonly viewsPerSecond: number;
  /** Multiply-adds of convolutions and linear layers, forward and backward, each counted as two operations. */
  readonly gflops: number;
  /** `gflops` over the measured peak of matrix products in the step's precision, on as many threads. */
  readonly shareOfPeak: number;
  /** Highest device memory in use during a step. */
  readonly peakBytes: number;
  /** Highest resident memory of the process until now, as the system counts it; null where it does not. */
  readonly residentBytes: number | null;
  /** The device's name. */
  readonly device: string;
  /** Precision of activations and matrix operands. */
  readonly precision: Precision;
  /** CPU threads. */
  readonly threads: number;
  /** Where the time of a step goes, where that was asked for. */
  readonly profile?: Profile;
}

/** How a step is measured. */
export interface StepBenchmarkOptions {
  /** How many steps are timed, 5 by default. */
  readonly steps?: number;
  /** How many steps go before, untimed, 2 by default. */
  readonly warmup?: number;
  /** Whether to profile the step, after it was timed. */
  readonly profiled?: boolean;
  /** The peak of matrix products in operations a second, where it is known; measured by default. */
  readonly peak?: number;
}

/** How many steps are profiled; an odd number. */
const PROFILED_STEPS = 3;

/** The measured peak of matrix products in a precision, in operations a second. */
export function peakOf(device: Device, precision: Precision): number {
  return withPrecision(device, precision, () => matrixPeak(device, activationType(precision)));
}

/** Multiply-accumulates of one view's forward pass through encoder and projector. */
export function macsPerView(cost: NetworkCost, features: number, projector: number): number {
  return cost.macs + features * projector + 2 * projector * projector;
}

/** The highest resident memory of this process until now, in bytes; null where the system does not tell. */
function residentPeak(): number | null {
  // Not from /proc, which no permission short of all opens.
  const kibibytes = process.resourceUsage().maxRSS;
  return kibibytes > 0 ? kibibytes * 1024 : null;
}

/**
 * Times whole training steps on one batch held in memory: forward, backward and optimiser, without data and augmentation.
 *
 * @throws {InvalidInputError} where the configuration's precision is none of the device's.
 */
export function benchStep(device: Device, config: RunConfig, options: StepBenchmarkOptions = {}): StepBenchmark {
  const { steps = 5, warmup = 2, profiled = false } = options;
  const precision = resolvePrecision(config.precision, device.description);
  using _scope = new Scope();
  using trainee = createTrainee(device, config, IMAGE_SIDE);
  const view = (stream: number) => randomImages(device, config.batch, stream, precision);
  const views = [view(1), view(2)] as const;
  let step = 0;
  const work = () => {
    const address = { seed: config.seed, step: step++ };
    const inputs: StepInputs = {
      views,
      epoch: config.gateWarmup,
      rate: config.lr,
      noise: (pass) => philoxNoise(device, address, pass),
    };
    using _report = withPrecision(device, precision, () => trainingStep(trainee, config, inputs));
  };
  device.resetPeakMemory();
  for (let untimed = 0; untimed < warmup; untimed++) work();
  const msPerStep = median(Array.from({ length: steps }, () => timed(device, work)));
  const peakBytes = device.memory().peak;
  const residentBytes = residentPeak();
  const viewCount = 2 * config.batch * plannedPairs(config, config.gateWarmup).length;
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
