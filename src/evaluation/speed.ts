/**
 * Times networks on the images of a split, with the masks that their gates decide on.
 *
 * @module
 */
import type { EvaluationImages } from "../data/mod.ts";
import { type GatedResNet, networkCost, type NetworkName, passOf } from "../models/mod.ts";
import { type Precision, Scope, type Tensor } from "../tensor/mod.ts";
import { measuredTermShares } from "./features.ts";
import { measuredCost } from "./measured_cost.ts";
import { timeInTurns, type TurnOptions, untimed } from "./turns.ts";

/** Images that take turns, if there are as many: each has masks of its own. */
export const TIMED_IMAGES = 64;

/** A network to time. */
export interface TimedNetwork {
  /** Its name. */
  readonly name: NetworkName;
  /** The encoder that computes it. */
  readonly encoder: GatedResNet;
}

/** Speed of one network at one batch size. */
export interface NetworkSpeed {
  /** Images per batch. */
  readonly batch: number;
  /** The network. */
  readonly network: NetworkName;
  /** Median milliseconds per batch. Images have masks of their own, and the gated network's time differs by image. */
  readonly milliseconds: number;
  /** Milliseconds that the middle half of the times spans. */
  readonly spread: number;
  /** Median milliseconds per image. */
  readonly imageMilliseconds: number;
  /** MACs as a share of the dense network's, with the masks of the timed images. */
  readonly macShare: number;
}

/** How to time networks. */
export interface SpeedOptions extends TurnOptions {
  /** Images per batch. */
  readonly batch: number;
  /** The precision of the networks' passes. */
  readonly precision: Precision;
  /** Called with the masks of a gated network's timed images, by batch and gate. They are valid until it returns. */
  readonly masked?: (network: TimedNetwork, masks: readonly (readonly Tensor[])[]) => void;
}

/** How many batches of a split take turns. */
export function timedBatches(batch: number, count: number): number {
  return Math.ceil(Math.min(TIMED_IMAGES, count - count % batch) / batch);
}

/** The times of an evaluation must not take long beside the rest; `bench infer` measures longer. */
const briefly = { repeats: 3, milliseconds: 200 } as const;

/** Times networks on a set, in batches of 64 or of as many images as there are. */
export function timeBriefly(
  networks: readonly TimedNetwork[],
  images: EvaluationImages,
  precision: Precision,
): NetworkSpeed[] {
  const batch = Math.min(TIMED_IMAGES, images.set.count);
  return timeNetworks(networks, images, { batch, precision, ...briefly });
}

/** Times networks in turns on the first images of a split, which has at least `batch`. */
export function timeNetworks(
  networks: readonly TimedNetwork[],
  images: EvaluationImages,
  { batch, precision, masked, repeats = 9, ...turns }: SpeedOptions,
): NetworkSpeed[] {
  using _scope = new Scope();
  const count = timedBatches(batch, images.set.count);
  const inputs = Array.from({ length: count }, (_, index) => images.normalised(index * batch, (index + 1) * batch));
  const evaluate = ({ encoder, name }: TimedNetwork, input: Tensor) => {
    return encoder.evaluate(passOf(name), input, { precision });
  };
  const kinds = networks.map((network) => (round: number) => {
    const input = inputs[round % count];
    if (input !== undefined) evaluate(network, input);
  });
  const timings = timeInTurns(images.device, kinds, { ...turns, repeats: Math.max(repeats, count) });
  return networks.map((network, index) => {
    const { median: milliseconds, spread } = timings[index] ?? untimed;
    const { name, encoder: { spec } } = network;
    const pass = passOf(name);
    const masks = pass === "gated" ? inputs.map((input) => evaluate(network, input).masks) : [];
    if (pass === "gated") masked?.(network, masks);
    const { share: macShare } = measuredCost(spec, pass, measuredTermShares(networkCost(spec), masks, count * batch));
    return { batch, network: name, milliseconds, spread, imageMilliseconds: milliseconds / batch, macShare };
  });
}
