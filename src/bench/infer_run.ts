/**
 * Speed of the networks of a run, on its own images.
 *
 * @module
 */
import { networkOptions, networkSpec, trainedNetworks } from "../config/network.ts";
import { type RunConfig, storeOptions } from "../config/options.ts";
import { type Dataset, type EvaluationImages, ImageStores, type SkippedImage } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { InvalidInputError } from "../errors.ts";
import { measuredTermShares } from "../evaluation/mod.ts";
import { DualNetwork, gatedMacs, type NetworkCost, networkCost, type Pass } from "../models/mod.ts";
import { type Checkpoint, loadCheckpoint } from "../run/checkpoint.ts";
import { type Precision, Scope, type Tensor } from "../tensor/mod.ts";
import { resolvePrecision } from "../tensor/precision.ts";
import { gatedPrecisionOf } from "./infer.ts";
import { timeInTurns, type TurnOptions } from "./turns.ts";

/** Speed of one network at one batch size. */
export interface RunInferenceRow {
  /** Images per batch. */
  readonly batch: number;
  /** The network. */
  readonly network: Pass;
  /** Median milliseconds per batch. */
  readonly milliseconds: number;
  /** Milliseconds that the middle half of the times spans. */
  readonly spread: number;
  /** Median milliseconds per image. */
  readonly imageMilliseconds: number;
  /** MACs as a share of the dense network's, with the masks of these images. */
  readonly macShare: number;
  /** Milliseconds as a share of the dense network's; null if the run has no dense network. */
  readonly timeShare: number | null;
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
  /** Called for each damaged image; another takes its place. */
  readonly skipped?: (image: SkippedImage) => void;
}

/** Images that take turns, if there are as many: each has masks of its own. */
const IMAGES = 64;

/**
 * Times the networks that a run holds on images of its data set, of which the test images come first. Each image gets
 * the masks that the run's gates decide on.
 *
 * @throws {InvalidInputError} if a batch is larger than the data set, the checkpoint is of another network, or the
 * device lacks the precision.
 */
export function benchRun(
  device: Device,
  config: RunConfig,
  checkpoint: Checkpoint,
  dataset: Dataset,
  { batches, skipped = () => {}, ...turns }: RunInferenceOptions = {},
): RunInference {
  const precision = resolvePrecision(config.precision, device.description);
  const set = dataset.labelled?.test ?? dataset.pretraining;
  const large = batches?.find((batch) => batch > set.count);
  if (large !== undefined) throw new InvalidInputError(`--batch ${large}: the data set has ${set.count} such images`);
  using network = new DualNetwork(device, networkOptions(config, set.height));
  loadCheckpoint(checkpoint, network);
  using stores = new ImageStores(device, dataset, { ...storeOptions(config), skipped });
  const images = stores.evaluation(set);
  const cost = networkCost(networkSpec(config, set.height));
  const held = trainedNetworks(config.mode);
  const sizes = batches ?? [...new Set([1, Math.min(IMAGES, set.count)])];
  const rows = sizes.flatMap((batch) => timeBatch(device, { network, images, cost, held, batch, precision }, turns));
  return {
    rows,
    size: [set.height, set.width],
    images: Math.max(...sizes.map((batch) => batch * countOfBatches(batch, set.count))),
    device: device.description.name,
    precision,
    gatedPrecision: gatedPrecisionOf(device, precision),
    threads: device.threads,
  };
}

function countOfBatches(batch: number, images: number): number {
  return Math.ceil(Math.min(IMAGES, images - images % batch) / batch);
}

/** What is timed at one batch size. */
interface TimedBatch {
  readonly network: DualNetwork;
  readonly images: EvaluationImages;
  readonly cost: NetworkCost;
  readonly held: readonly Pass[];
  readonly batch: number;
  readonly precision: Precision;
}

function timeBatch(
  device: Device,
  { network, images, cost, held, batch, precision }: TimedBatch,
  turns: TurnOptions,
): RunInferenceRow[] {
  using _scope = new Scope();
  const count = countOfBatches(batch, images.set.count);
  const inputs = Array.from({ length: count }, (_, index) => images.normalised(index * batch, (index + 1) * batch));
  const evaluate = (pass: Pass, input: Tensor) => network.encoderOf(pass).evaluate(pass, input, { precision });
  const kinds = held.map((pass) => (round: number) => {
    const input = inputs[round % count];
    if (input !== undefined) evaluate(pass, input);
  });
  const timings = timeInTurns(device, kinds, turns);
  const gatedShare = () => {
    const masks = inputs.map((input) => evaluate("gated", input).masks);
    return gatedMacs(cost, measuredTermShares(cost, masks, count * batch)) / cost.macs;
  };
  const dense = timings[held.indexOf("dense")]?.median;
  return held.flatMap((pass, index) => {
    const timing = timings[index];
    if (timing === undefined) return [];
    const { median: milliseconds, spread } = timing;
    const macShare = pass === "gated" ? gatedShare() : 1;
    const timeShare = dense === undefined ? null : milliseconds / dense;
    return [{
      batch,
      network: pass,
      milliseconds,
      spread,
      imageMilliseconds: milliseconds / batch,
      macShare,
      timeShare,
    }];
  });
}
