/**
 * Speed of the networks of a run, on its own images.
 *
 * @module
 */
import { networkOptions, trainedNetworks } from "../config/network.ts";
import { cutSlim, refuseMissing, refuseUnfitted, slimSize } from "../encoders/slim_run.ts";
import { type RunConfig, storeOptions } from "../config/options.ts";
import { type Dataset, ImageStores, type SkippedImage } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { InvalidInputError } from "../errors.ts";
import {
  type NetworkSpeed,
  type SlimSize,
  type SpeedOptions,
  TIMED_IMAGES,
  timedBatches,
  type TimedNetwork,
  timeNetworks,
  type TurnOptions,
} from "../evaluation/mod.ts";
import { DualNetwork, type NetworkName, passOf } from "../models/mod.ts";
import { type Checkpoint, loadCheckpoint } from "../run/checkpoint.ts";
import { type Precision, resolvePrecision } from "../tensor/mod.ts";
import { type FullBlock, fullBlocks, gatedPrecision } from "./block_paths.ts";

/** Speed of one network at one batch size, compared with the dense network. */
export interface RunInferenceRow extends NetworkSpeed {
  /** Milliseconds as a share of the dense network's; null if that was not timed. */
  readonly timeShare: number | null;
  /** Blocks that compute images in full, because so many open channels would cost more one by one. */
  readonly inFull: readonly FullBlock[];
}

/** Speed of a run's networks. */
export interface RunInference {
  /** By batch size. */
  readonly rows: readonly RunInferenceRow[];
  /** Height and width of the images in pixels. */
  readonly size: readonly [height: number, width: number];
  /** Number of different images that took turns. */
  readonly images: number;
  /** Name of the device. */
  readonly device: string;
  /** Precision of the networks. */
  readonly precision: Precision;
  /** Precision of the products of open channels. */
  readonly gatedPrecision: Precision;
  /** CPU threads. */
  readonly threads: number;
}

/** What to measure, and how often. */
export interface RunInferenceOptions extends TurnOptions {
  /** Batch sizes; by default 1 and 64, or as many images as there are. */
  readonly batches?: readonly number[];
  /** The networks, which the run must give; by default all that were trained. */
  readonly names?: readonly NetworkName[];
  /** The size of the slim network; by default of the run's budget, {@linkcode slimSize}. */
  readonly slim?: Partial<SlimSize>;
  /** Called for each damaged image; another takes its place. */
  readonly skipped?: (image: SkippedImage) => void;
}

function compared(speeds: readonly NetworkSpeed[], gatedInFull: readonly FullBlock[]): RunInferenceRow[] {
  const dense = speeds.find(({ network }) => network === "dense");
  return speeds.map((speed) => ({
    ...speed,
    timeShare: dense ? speed.milliseconds / dense.milliseconds : null,
    inFull: speed.network === "gated" ? gatedInFull : [],
  }));
}

/**
 * Times the networks that a run holds on images of its data set: the test images, or the training images if there are
 * no others. Each image gets the masks that the run's gates decide on.
 *
 * @throws {InvalidInputError} if a batch is larger than the data set, the run has no such network, the checkpoint is of
 * another network, no slim network is that small, or the device lacks the precision.
 */
export function benchRun(
  device: Device,
  config: RunConfig,
  checkpoint: Checkpoint,
  dataset: Dataset,
  options: RunInferenceOptions = {},
): RunInference {
  const { batches, names = trainedNetworks(config.mode), slim = {}, skipped = () => {}, ...turns } = options;
  for (const name of names) refuseMissing(name, config);
  const precision = resolvePrecision(config.precision, device.description);
  const set = dataset.labelled?.test ?? dataset.pretraining;
  const large = batches?.find((batch) => batch > set.count);
  if (large !== undefined) {
    throw new InvalidInputError(
      `--batch ${large}: give at most ${set.count}, the number of images that the run is evaluated on`,
    );
  }
  using network = new DualNetwork(device, networkOptions(config, set.height));
  loadCheckpoint(checkpoint, network);
  if (names.some((name) => name !== "dense")) refuseUnfitted(config, checkpoint);
  using stores = new ImageStores(device, dataset, { ...storeOptions(config), skipped });
  const images = stores.evaluation(set);
  using owned = new DisposableStack();
  const networks = names.map((name): TimedNetwork => {
    if (name !== "slim") return { name, encoder: network.encoderOf(passOf(name)) };
    return { name, encoder: owned.use(cutSlim(network, stores, slimSize(config, slim))).encoder };
  });
  const sizes = batches ?? [...new Set([1, Math.min(TIMED_IMAGES, set.count)])];
  const rows = sizes.flatMap((batch) => {
    let inFull: readonly FullBlock[] = [];
    const masked: SpeedOptions["masked"] = ({ encoder }, masks) => {
      inFull = fullBlocks(device, encoder.spec, batch, precision, masks);
    };
    const speeds = timeNetworks(networks, images, { batch, precision, masked, ...turns });
    return compared(speeds, inFull);
  });
  return {
    rows,
    size: [set.height, set.width],
    images: Math.max(...sizes.map((batch) => batch * timedBatches(batch, set.count))),
    device: device.description.name,
    precision,
    gatedPrecision: gatedPrecision(device, network.encoder.spec, precision),
    threads: device.threads,
  };
}
