/**
 * Speed of this machine: the training step, and inference of the gated network beside the dense one.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import {
  blockSpecs,
  DualNetwork,
  featureSize,
  gatedMacs,
  type NetworkCost,
  networkCost,
  philoxNoise,
} from "../models/mod.ts";
import { RandomStream } from "../random/mod.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import type { RunConfig } from "./options.ts";
import { plannedPairs } from "./passes.ts";
import { trainingStep } from "./step.ts";
import { createTrainee, networkOptions, networkSpec } from "./trainee.ts";

/** Height and width of the images that are timed, in pixels. */
const IMAGE_SIDE = 32;
const WARMUP_STEPS = 2;

/** Speed of a training step. */
export interface StepBenchmark {
  /** Median. */
  readonly msPerStep: number;
  /** Views trained on in a second. */
  readonly viewsPerSecond: number;
  /** Multiply-adds of convolutions and linear layers, forward and backward, each counted as two operations. */
  readonly gflops: number;
  /** Highest device memory in use during a step. */
  readonly peakBytes: number;
  /** The device's name. */
  readonly device: string;
  /** Precision of activations and matrix operands. */
  readonly precision: string;
  /** CPU threads. */
  readonly threads: number;
}

/** Speed of inference at one batch size. */
export interface InferenceRow {
  /** Images at a time. */
  readonly batch: number;
  /** Median milliseconds a batch. */
  readonly denseMs: number;
  /** Median milliseconds a batch of the gated network. */
  readonly gatedMs: number;
  /** MACs of the gated network over those of the dense one. */
  readonly macShare: number;
  /** gatedMs / denseMs. */
  readonly timeShare: number;
}

/** Speed of inference. */
export interface InferenceBenchmark {
  /** One row a batch size. */
  readonly rows: readonly InferenceRow[];
  /** The device's name. */
  readonly device: string;
  /** Precision of activations and matrix operands. */
  readonly precision: string;
  /** CPU threads. */
  readonly threads: number;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** Milliseconds that `work` takes, the device's own included. */
function timed(device: Device, work: () => void): number {
  device.kernels.sl_synchronize();
  const start = performance.now();
  work();
  device.kernels.sl_synchronize();
  return performance.now() - start;
}

function randomImages(device: Device, count: number, stream: number): Tensor {
  const random = new RandomStream(0, stream, 0);
  const values = Float32Array.from({ length: count * IMAGE_SIDE * IMAGE_SIDE * 3 }, () => random.normal());
  return Tensor.from(device, values, [count, IMAGE_SIDE, IMAGE_SIDE, 3]);
}

/** Multiply-accumulates of one view's forward pass through encoder and projector. */
function macsPerView(cost: NetworkCost, features: number, projector: number): number {
  return cost.macs + features * projector + 2 * projector * projector;
}

/**
 * Times whole training steps on one batch held in memory.
 *
 * @param steps how many are timed, after two that are not.
 */
export function benchStep(device: Device, config: RunConfig, steps = 5): StepBenchmark {
  using _scope = new Scope();
  using trainee = createTrainee(device, config, IMAGE_SIDE);
  const views = [randomImages(device, config.batch, 1), randomImages(device, config.batch, 2)] as const;
  const times: number[] = [];
  device.resetPeakMemory();
  for (let step = 0; step < WARMUP_STEPS + steps; step++) {
    times.push(timed(device, () => {
      const noise = (pass: number) => philoxNoise(device, { seed: config.seed, step }, pass);
      using _report = trainingStep(trainee, config, { views, epoch: config.gateWarmup, rate: config.lr, noise });
    }));
  }
  const msPerStep = median(times.slice(WARMUP_STEPS));
  const viewCount = 2 * config.batch * plannedPairs(config, config.gateWarmup).length;
  // Backward costs two products for each one of forward.
  const flops = 2 * 3 * viewCount * macsPerView(trainee.cost, featureSize(config), config.projector);
  return {
    msPerStep,
    viewsPerSecond: viewCount / msPerStep * 1000,
    gflops: flops / msPerStep / 1e6,
    peakBytes: device.memory().peak,
    device: device.description.name,
    precision: "f32",
    threads: device.threads,
  };
}

/** The share of open channels, the same for every block, at which a gated network costs `budget`. */
function openShareFor(cost: NetworkCost, budget: number): number {
  const closed = gatedMacs(cost, []) / cost.macs;
  const open = gatedMacs(cost, cost.blocks.map(() => 1)) / cost.macs;
  return Math.min(1, Math.max(0, (budget - closed) / (open - closed)));
}

/** For each image and block a random choice of exactly the share of channels, and the cost it comes to. */
function randomMasks(device: Device, config: RunConfig, batch: number, openShare: number) {
  const channels = blockSpecs(config).map((block) => block.channels);
  const masks = channels.map((count, block) => {
    const open = Math.round(count * openShare);
    const values = new Float32Array(batch * count);
    for (let image = 0; image < batch; image++) {
      const order = new RandomStream(1, block + 1, image).permutation(count);
      for (const channel of order.subarray(0, open)) values[image * count + channel] = 1;
    }
    return Tensor.from(device, values, [batch, count]);
  });
  return { masks, openShares: channels.map((count) => Math.round(count * openShare) / count) };
}

/**
 * Times the dense and the gated network on random images, the gated one with random masks that cost the configured budget (its gates are
 * computed all the same). The two alternate, so that both meet the machine in the same state.
 *
 * @param repeats how many of each are timed, after two that are not.
 */
export function benchInfer(
  device: Device,
  config: RunConfig,
  options: { readonly batches?: readonly number[]; readonly repeats?: number } = {},
): InferenceBenchmark {
  const { batches = [1, 64], repeats = 15 } = options;
  using network = new DualNetwork(device, networkOptions({ ...config, mode: "dual" }, IMAGE_SIDE));
  const cost = networkCost(networkSpec(config, IMAGE_SIDE));
  const openShare = openShareFor(cost, config.budget);
  const rows = batches.map((batch): InferenceRow => {
    using _scope = new Scope();
    const images = randomImages(device, batch, 3);
    const { masks, openShares } = randomMasks(device, config, batch, openShare);
    const times = { dense: [] as number[], gated: [] as number[] };
    for (let repeat = 0; repeat < WARMUP_STEPS + repeats; repeat++) {
      for (const pass of ["dense", "gated"] as const) {
        using _pass = new Scope();
        times[pass].push(timed(device, () => network.encoder.evaluate(pass, images, masks)));
      }
    }
    const [denseMs, gatedMs] = [median(times.dense.slice(WARMUP_STEPS)), median(times.gated.slice(WARMUP_STEPS))];
    return { batch, denseMs, gatedMs, macShare: gatedMacs(cost, openShares) / cost.macs, timeShare: gatedMs / denseMs };
  });
  return { rows, device: device.description.name, precision: "f32", threads: device.threads };
}
