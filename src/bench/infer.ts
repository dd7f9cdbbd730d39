/**
 * Speed of inference: the gated network beside the dense one.
 *
 * @module
 */
import { uniformOpenShare } from "../budget/mod.ts";
import type { Device } from "../device/mod.ts";
import { DualNetwork, gatedMacs, gateSpecs, type NetworkCost, networkCost, termShares } from "../models/mod.ts";
import { RandomStream } from "../random/mod.ts";
import { median, timed } from "./stopwatch.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import type { RunConfig } from "../config/options.ts";
import { type Precision, resolvePrecision, withPrecision } from "../config/precision.ts";
import { networkOptions, networkSpec } from "../config/network.ts";
import { IMAGE_SIDE, randomImages } from "./images.ts";

/** Speed of the gated network at one batch size and one share of open channels, beside the dense network's. */
export interface InferenceRow {
  /** Images at a time. */
  readonly batch: number;
  /** Share of each gate's channels that are open for each image, before it is rounded to whole channels. */
  readonly openShare: number;
  /** Median milliseconds a batch of the dense network: the same in all rows of a batch size. */
  readonly denseMs: number;
  /** Median milliseconds a batch of the gated network. */
  readonly gatedMs: number;
  /** MACs of the gated network over those of the dense one. */
  readonly macShare: number;
  /** gatedMs / denseMs. */
  readonly timeShare: number;
  /** denseMs / gatedMs. */
  readonly speedRatio: number;
}

/** Speed of inference. */
export interface InferenceBenchmark {
  /** By batch size: the open share that costs the budget, then the fixed ones. */
  readonly rows: readonly InferenceRow[];
  /** The device's name. */
  readonly device: string;
  /** Precision of the dense network. */
  readonly precision: Precision;
  /** Precision of the gated network: that of its native function. */
  readonly gatedPrecision: "f32";
  /** CPU threads. */
  readonly threads: number;
}

/** What is measured, and how often. */
export interface InferenceBenchmarkOptions {
  /** Batch sizes, 1 and 64 by default. */
  readonly batches?: readonly number[];
  /** Shares of open channels besides that of the budget; a quarter, a half and three quarters by default. */
  readonly openShares?: readonly number[];
  /** How often each is timed at least, 9 times by default. */
  readonly repeats?: number;
  /** For how long at least, all of a batch size together; 2 seconds by default. Short calls are so repeated more often. */
  readonly milliseconds?: number;
}

/** For each image and gate a random choice of exactly the share of channels, and the share of MACs that it comes to. */
function randomMasks(device: Device, config: RunConfig, cost: NetworkCost, batch: number, openShare: number) {
  const channels = gateSpecs(config).map((gate) => gate.channels);
  const masks = channels.map((count, gate) => {
    const open = Math.round(count * openShare);
    const values = new Float32Array(batch * count);
    for (let image = 0; image < batch; image++) {
      const order = new RandomStream(1, gate + 1, image).permutation(count);
      for (const channel of order.subarray(0, open)) values[image * count + channel] = 1;
    }
    return Tensor.from(device, values, [batch, count]);
  });
  const openShares = channels.map((count) => Math.round(count * openShare) / count);
  return { openShare, masks, macShare: gatedMacs(cost, termShares(cost, openShares)) / cost.macs };
}

/** Medians of several kinds of work, in milliseconds: they take turns, so that all meet the machine in the same states. */
function interleaved(
  device: Device,
  kinds: readonly (() => void)[],
  { repeats = 9, milliseconds = 2000 }: InferenceBenchmarkOptions,
): number[] {
  const times = kinds.map((): number[] => []);
  const once = (work: () => void) => {
    using _pass = new Scope();
    return timed(device, work);
  };
  for (const work of kinds) once(work);
  for (let [round, total] = [0, 0]; round < repeats || total < milliseconds; round++) {
    kinds.forEach((work, kind) => {
      // Untimed, it brings this kind's weights back to the caches, where a program that does nothing else has them.
      once(work);
      const time = once(work);
      total += time;
      times[kind]?.push(time);
    });
  }
  return times.map(median);
}

/**
 * Times the dense and the gated network on random images, the gated one with random masks (its gates are computed all the same):
 * masks that cost the configured budget, and masks of some shares of open channels.
 *
 * Precision bf16 or tf32 is that of the dense network; `auto` is f32, as everywhere in evaluation.
 *
 * @throws {InvalidInputError} where the configuration's precision is none of the device's.
 */
export function benchInfer(
  device: Device,
  config: RunConfig,
  options: InferenceBenchmarkOptions = {},
): InferenceBenchmark {
  const { batches = [1, 64], openShares = [0.25, 0.5, 0.75] } = options;
  const precision = config.precision === "auto" ? "f32" : resolvePrecision(config.precision, device.description);
  using network = new DualNetwork(device, networkOptions({ ...config, mode: "dual" }, IMAGE_SIDE));
  const cost = networkCost(networkSpec(config, IMAGE_SIDE));
  const shares = [uniformOpenShare(cost, config.budget), ...openShares];
  const rows = batches.flatMap((batch): InferenceRow[] => {
    using _scope = new Scope();
    const images = randomImages(device, batch, 3, "f32");
    const denseImages = precision === "bf16" ? randomImages(device, batch, 3, precision) : images;
    const masked = shares.map((share) => randomMasks(device, config, cost, batch, share));
    const dense = () => withPrecision(device, precision, () => void network.encoder.evaluate("dense", denseImages));
    const gated = masked.map(({ masks }) => () => void network.encoder.evaluate("gated", images, masks));
    const [denseMs = NaN, ...gatedTimes] = interleaved(device, [dense, ...gated], options);
    return masked.map(({ openShare, macShare }, index) => {
      const gatedMs = gatedTimes[index] ?? NaN;
      const [timeShare, speedRatio] = [gatedMs / denseMs, denseMs / gatedMs];
      return { batch, openShare, denseMs, gatedMs, macShare, timeShare, speedRatio };
    });
  });
  const { name } = device.description;
  return { rows, device: name, precision, gatedPrecision: "f32", threads: device.threads };
}
