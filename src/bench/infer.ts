/**
 * Speed of inference of the gated network, compared with the dense network.
 *
 * @module
 */
import { largestCost } from "../config/budget_range.ts";
import { uniformOpenShare } from "../budget/mod.ts";
import type { Device } from "../device/mod.ts";
import { DualNetwork, gatedMacs, gateSpecs, type NetworkCost, networkCost, termShares } from "../models/mod.ts";
import { RandomStream } from "../random/mod.ts";
import { timeInTurns, type TurnOptions, untimed } from "../evaluation/mod.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import type { RunConfig } from "../config/options.ts";
import { type Precision, resolvePrecision } from "../tensor/precision.ts";
import { networkOptions, networkSpec } from "../config/network.ts";
import { type FullBlock, fullBlocks, gatedPrecision } from "./block_paths.ts";
import { IMAGE_SIDE, randomImages } from "./images.ts";

/** Speed of both networks at one batch size and one share of open channels. */
export interface InferenceRow {
  /** Images per batch. */
  readonly batch: number;
  /** Share of each gate's channels that are open for each image, before rounding to whole groups. */
  readonly openShare: number;
  /** Median milliseconds per batch of the dense network, the same in all rows of a batch size. */
  readonly denseMs: number;
  /** Milliseconds that the middle half of its times spans. */
  readonly denseSpread: number;
  /** Median milliseconds per batch of the gated network. */
  readonly gatedMs: number;
  /** Milliseconds that the middle half of its times spans. */
  readonly gatedSpread: number;
  /** MACs of the gated network as a share of the dense network's. */
  readonly macShare: number;
  /** gatedMs / denseMs. */
  readonly timeShare: number;
  /** denseMs / gatedMs. */
  readonly speedRatio: number;
  /** The blocks that compute images in full, because so many open channels would cost more one by one. */
  readonly inFull: readonly FullBlock[];
}

/** Speed of inference. */
export interface InferenceBenchmark {
  /** By batch size: first the open share that meets the budget, then the fixed shares. */
  readonly rows: readonly InferenceRow[];
  /** Name of the device. */
  readonly device: string;
  /** Precision of both networks. */
  readonly precision: Precision;
  /** Precision of the products of open channels. */
  readonly gatedPrecision: Precision;
  /** CPU threads. */
  readonly threads: number;
}

/** What to measure, and how often. */
export interface InferenceBenchmarkOptions extends TurnOptions {
  /** Batch sizes; default 1 and 64. */
  readonly batches?: readonly number[];
  /** Shares of open channels besides the one that meets the budget; default 0.25, 0.5, 0.75 and 1. */
  readonly openShares?: readonly number[];
}

/**
 * Masks that open the given share of channels for each image and gate, rounded to whole logits and chosen at random.
 * With them comes their share of MACs.
 */
function randomMasks(device: Device, config: RunConfig, cost: NetworkCost, batch: number, openShare: number) {
  const gates = gateSpecs(config).map(({ channels, group }) => ({ channels, group, logits: channels / group }));
  const masks = gates.map(({ channels, group, logits }, gate) => {
    const open = Math.round(logits * openShare);
    const values = new Float32Array(batch * channels);
    for (let image = 0; image < batch; image++) {
      const order = new RandomStream(1, gate + 1, image).permutation(logits);
      for (const logit of order.subarray(0, open)) {
        const first = image * channels + logit * group;
        values.fill(1, first, first + group);
      }
    }
    return Tensor.from(device, values, [batch, channels]);
  });
  const openShares = gates.map(({ logits }) => Math.round(logits * openShare) / logits);
  return { openShare, masks, macShare: gatedMacs(cost, termShares(cost, openShares)) / cost.macs };
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
  const { batches = [1, 64], openShares = [0.25, 0.5, 0.75, 1] } = options;
  const precision = resolvePrecision(config.precision, device.description);
  using network = new DualNetwork(device, networkOptions({ ...config, mode: "dual" }, IMAGE_SIDE));
  const cost = networkCost(networkSpec(config, IMAGE_SIDE));
  const shares = [uniformOpenShare(cost, largestCost(config.budget)), ...openShares];
  const rows = batches.flatMap((batch): InferenceRow[] => {
    using _scope = new Scope();
    const images = randomImages(device, batch, 3, precision);
    const masked = shares.map((share) => randomMasks(device, config, cost, batch, share));
    const dense = () => void network.encoder.evaluate("dense", images, { precision });
    const gated = masked.map(({ masks }) => () => void network.encoder.evaluate("gated", images, { masks, precision }));
    const [denseTiming, ...gatedTimings] = timeInTurns(device, [dense, ...gated], options);
    const { median: denseMs, spread: denseSpread } = denseTiming ?? untimed;
    return masked.map(({ openShare, masks, macShare }, index) => {
      const { median: gatedMs, spread: gatedSpread } = gatedTimings[index] ?? untimed;
      const [timeShare, speedRatio] = [gatedMs / denseMs, denseMs / gatedMs];
      const inFull = fullBlocks(device, network.encoder.spec, batch, precision, [masks]);
      return { batch, openShare, denseMs, denseSpread, gatedMs, gatedSpread, macShare, timeShare, speedRatio, inFull };
    });
  });
  const { name } = device.description;
  return {
    rows,
    device: name,
    precision,
    gatedPrecision: gatedPrecision(device, network.encoder.spec, precision),
    threads: device.threads,
  };
}
