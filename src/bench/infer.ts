/**
 * Speed of inference of the gated network, compared with the dense network.
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
import { type Precision, resolvePrecision } from "../tensor/precision.ts";
import { networkOptions, networkSpec } from "../config/network.ts";
import { IMAGE_SIDE, randomImages } from "./images.ts";

/** Speed of both networks at one batch size and one share of open channels. */
export interface InferenceRow {
  /** Images per batch. */
  readonly batch: number;
  /** Share of each gate's channels that are open for each image, before rounding to whole channels. */
  readonly openShare: number;
  /** Median milliseconds per batch of the dense network, the same in all rows of a batch size. */
  readonly denseMs: number;
  /** Median milliseconds per batch of the gated network. */
  readonly gatedMs: number;
  /** MACs of the gated network as a share of the dense network's. */
  readonly macShare: number;
  /** gatedMs / denseMs. */
  readonly timeShare: number;
  /** denseMs / gatedMs. */
  readonly speedRatio: number;
}

/** Speed of inference. */
export interface InferenceBenchmark {
  /** By batch size: first the open share that meets the budget, then the fixed shares. */
  readonly rows: readonly InferenceRow[];
  /** Name of the device. */
  readonly device: string;
  /** Precision of both networks. */
  readonly precision: Precision;
  /** Precision of the products of open channels: the networks' on a GPU, f32 on a CPU. */
  readonly gatedPrecision: Precision;
  /** CPU threads. */
  readonly threads: number;
}

/** What to measure, and how often. */
export interface InferenceBenchmarkOptions {
  /** Batch sizes; default 1 and 64. */
  readonly batches?: readonly number[];
  /** Shares of open channels besides the one that meets the budget; default a quarter, a half and three quarters. */
  readonly openShares?: readonly number[];
  /** Least number of repetitions; default 9. */
  readonly repeats?: number;
  /**
   * Least time for all measurements of a batch size together, so that short calls repeat more often; default 2 seconds.
   */
  readonly milliseconds?: number;
}

/**
 * Masks that open exactly the given share of channels for each image and gate, chosen at random, and their share of
 * MACs.
 */
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

/**
 * Median milliseconds of several kinds of work. They take turns, so that changes of the machine's speed affect all
 * alike.
 */
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
      // An untimed call brings the weights back into the caches, where they are if a program does nothing else.
      once(work);
      const time = once(work);
      total += time;
      times[kind]?.push(time);
    });
  }
  return times.map(median);
}

/**
 * Times the dense and the gated network on random images. The gated network computes its gates, but then uses random
 * masks: masks that meet the configured budget, and masks of fixed shares of open channels.
 *
 * @throws {InvalidInputError} if the device lacks the configuration's precision.
 */
export function benchInfer(
  device: Device,
  config: RunConfig,
  options: InferenceBenchmarkOptions = {},
): InferenceBenchmark {
  const { batches = [1, 64], openShares = [0.25, 0.5, 0.75] } = options;
  const precision = resolvePrecision(config.precision, device.description);
  using network = new DualNetwork(device, networkOptions({ ...config, mode: "dual" }, IMAGE_SIDE));
  const cost = networkCost(networkSpec(config, IMAGE_SIDE));
  const shares = [uniformOpenShare(cost, config.budget), ...openShares];
  const rows = batches.flatMap((batch): InferenceRow[] => {
    using _scope = new Scope();
    const images = randomImages(device, batch, 3, precision);
    const masked = shares.map((share) => randomMasks(device, config, cost, batch, share));
    const dense = () => void network.encoder.evaluate("dense", images, { precision });
    const gated = masked.map(({ masks }) => () => void network.encoder.evaluate("gated", images, { masks, precision }));
    const [denseMs = NaN, ...gatedTimes] = interleaved(device, [dense, ...gated], options);
    return masked.map(({ openShare, macShare }, index) => {
      const gatedMs = gatedTimes[index] ?? NaN;
      const [timeShare, speedRatio] = [gatedMs / denseMs, denseMs / gatedMs];
      return { batch, openShare, denseMs, gatedMs, macShare, timeShare, speedRatio };
    });
  });
  const { name } = device.description;
  const gatedPrecision = device.kind === "cuda" ? precision : "f32";
  return { rows, device: name, precision, gatedPrecision, threads: device.threads };
}
