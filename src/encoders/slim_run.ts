/**
 * Cuts the slim network out of a run's gated network.
 *
 * @module
 */
import { usualCost } from "../config/budget_range.ts";
import { type RunConfig, storeOptions } from "../config/options.ts";
import { type Dataset, ImageStores, type SkippedImage } from "../data/mod.ts";
import { InvalidInputError, MisuseError } from "../errors.ts";
import {
  defaultMultiple,
  refuseSmallerSlim,
  sampledOpenCounts,
  slimMask,
  type SlimSize,
  StaticMask,
} from "../evaluation/mod.ts";
import { type DualNetwork, type GatedResNet, gateSpecs, type NetworkName, slimNetwork } from "../models/mod.ts";
import type { Device } from "../device/mod.ts";
import { givenNetworks, isLadder } from "../config/network.ts";
import type { Checkpoint } from "../run/checkpoint.ts";
import { isTrained } from "../run/run_length.ts";

/** A slim network. */
export interface SlimEncoder extends Disposable {
  /** The network; dense passes compute it. */
  readonly encoder: GatedResNet;
  /** The mask under which the gated network computes the same, but for rounding. */
  readonly mask: StaticMask;
}

/** The images that decide which channels stay, and how many stay. */
export interface SlimCut {
  /** The run's data set, of which training images are used. */
  readonly dataset: Dataset;
  /** The size of the slim network. */
  readonly size: SlimSize;
  /** Called for each damaged image; another takes its place. */
  readonly skipped: (image: SkippedImage) => void;
}

/**
 * The size of a run's slim network: as given, else the run's budget, {@linkcode usualCost}, and the multiple for its
 * width.
 */
export function slimSize({ budget, width }: RunConfig, given: Partial<SlimSize>): SlimSize {
  return { cost: given.cost ?? usualCost(budget), channelMultiple: given.channelMultiple ?? defaultMultiple(width) };
}

/** Refuses a network that a run does not give. @throws {InvalidInputError} with the reason. */
export function refuseMissing(network: NetworkName, { mode }: RunConfig): void {
  const given = givenNetworks(mode);
  if (given.includes(network)) return;
  throw new InvalidInputError(
    network === "slim"
      ? `--network slim: gates decide on the channels that it keeps, and a ${mode} run has none; give ${
        given.join(" or ")
      }`
      : `--network ${network}: a ${mode} run holds no such network; give ${given.join(" or ")}`,
  );
}

/**
 * Refuses the gated and the slim network of a run of many budgets whose norms are not estimated yet.
 *
 * @throws {InvalidInputError} with what to do.
 */
export function refuseUnfitted(config: RunConfig, { path, state }: Checkpoint): void {
  if (!isLadder(config) || isTrained(state, config)) return;
  throw new InvalidInputError(
    `${path}: --budget ${config.budget} estimates the norms of its budgets after the last step, and the run is not ` +
      "done; resume it first, or give --network dense",
  );
}

/**
 * Cuts the slim network out of a gated network by the decisions of its gates on training images,
 * {@linkcode slimMask}. The sample depends on the images alone, and so does the result but for rounding: on another
 * kind of device a logit near 0 may open a channel for an image more or less.
 *
 * @param stores the images of the run's data set.
 * @returns the slim network, which the caller frees.
 * @throws {InvalidInputError} if no network is that small.
 */
export function cutSlim(network: DualNetwork, stores: ImageStores, size: SlimSize): SlimEncoder {
  const { dataset: { labelled, pretraining }, device } = stores;
  const gated = network.encoderOf("gated");
  if (gated.ladder !== null) return cutLadder(device, gated, size);
  const counts = sampledOpenCounts(gated, stores.evaluation(labelled?.train ?? pretraining));
  const mask = slimMask(gated.spec, counts, size);
  const encoder = slimNetwork(device, gated, mask.blocks);
  return { encoder, mask, [Symbol.dispose]: () => encoder[Symbol.dispose]() };
}

/** Cuts a prefix of a ladder, with the norms of its cost. */
function cutLadder(device: Device, gated: GatedResNet, { cost, channelMultiple }: SlimSize): SlimEncoder {
  refuseSmallerSlim(gated.spec, { cost, channelMultiple });
  const kept = gated.ladder?.keptFor(cost, channelMultiple) ?? [];
  const mask = new StaticMask(
    gateSpecs(gated.spec).map(({ channels }, gate) => {
      return new Uint8Array(channels).fill(1, 0, kept[gate] ?? 0);
    }),
  );
  gated.restoreNorms(gated.ladder?.costOf(kept) ?? cost);
  const encoder = slimNetwork(device, gated, mask.blocks);
  return { encoder, mask, [Symbol.dispose]: () => encoder[Symbol.dispose]() };
}

/**
 * Opens the images of a run's data set, and cuts the slim network by them, {@linkcode cutSlim}.
 *
 * @throws {MisuseError} without images to cut by.
 */
export function cutSlimOf(config: RunConfig, network: DualNetwork, cut: SlimCut | undefined): SlimEncoder {
  if (cut === undefined) throw new MisuseError("a slim network is cut by training images: give them");
  const { dataset, size, skipped } = cut;
  using stores = new ImageStores(network.device, dataset, { ...storeOptions(config), skipped });
  return cutSlim(network, stores, size);
}
