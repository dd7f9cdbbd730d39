/**
 * What is measured on one network's features without labels: the cost, and how its gates open their channels.
 *
 * @module
 */
import {
  type GatedResNet,
  gateSpecs,
  type KeptChannels,
  keptChannels,
  type NetworkName,
  type PartMacs,
  type Pass,
  passOf,
} from "../models/mod.ts";
import type { MeasuredCost } from "./accuracy.ts";
import { type GatedChannels, gatedChannels } from "./channels.ts";
import type { SplitFeatures } from "./features.ts";
import { measuredCost, measuredParts } from "./measured_cost.ts";

/** The measurements of a network that need no labels. */
export interface MeasuredNetwork {
  /** The measured cost. */
  readonly cost: MeasuredCost;
  /** The cost by part: the stem, and each block. */
  readonly parts: readonly PartMacs[];
  /** What is added to the logits of all gates; only for a gated network whose gates have an opening. */
  readonly opening?: number;
  /** The channels that stayed; for a slim network only. */
  readonly kept?: readonly KeptChannels[];
  /** How often channels are open over the test images; for a gated network only. */
  readonly channels?: GatedChannels;
}

/** The opening of an encoder's gates, to spread into its results; nothing if a pass has none. */
export function openingOf(encoder: GatedResNet, pass: Pass): Pick<MeasuredNetwork, "opening"> {
  const opening = pass === "gated" ? encoder.opening : null;
  return opening === null ? {} : { opening };
}

/** Names of an encoder's gates, in the order of {@linkcode SplitFeatures.openCounts}. */
export function gateNames({ spec }: GatedResNet): string[] {
  return gateSpecs(spec).map(({ label }) => label);
}

/** Measures a network over the images that it encoded. */
export function measuredNetwork(
  encoder: GatedResNet,
  name: NetworkName,
  { features, termShares, openCounts }: SplitFeatures,
): MeasuredNetwork {
  const pass = passOf(name);
  return {
    cost: measuredCost(encoder.spec, pass, termShares),
    parts: measuredParts(encoder.spec, pass, termShares),
    ...(name === "slim" ? { kept: keptChannels(encoder.spec) } : {}),
    ...openingOf(encoder, pass),
    ...(pass === "gated" ? { channels: gatedChannels(gateNames(encoder), openCounts, features.dim(0)) } : {}),
  };
}
