/**
 * How gates open their channels over a set of images, and how much their masks vary.
 *
 * @module
 */
import { channelMacs, gatedMacs, type NetworkCost, networkCost, type NetworkSpec } from "../models/mod.ts";
import type { SplitFeatures } from "./features.ts";

/** How the gates of a network open their channels over a set of images. */
export interface GateUsage {
  /** The cost of the network. */
  readonly cost: NetworkCost;
  /** Number of images. */
  readonly images: number;
  /** Number of images that each channel is open for, by gate [C]. */
  readonly openCounts: readonly Float64Array[];
  /** Computed share of each gated term of the cost, averaged over the images, in 0..1. */
  readonly termShares: readonly number[];
}

/** The usage of the gates over an encoded split. */
export function gateUsage(spec: NetworkSpec, { features, openCounts, termShares }: SplitFeatures): GateUsage {
  return { cost: networkCost(spec), images: features.dim(0), openCounts, termShares };
}

/** Mean share of open channels by gate, in 0..1. */
function openSharesOf({ openCounts, images }: GateUsage): number[] {
  return openCounts.map((counts) => counts.reduce((total, open) => total + open, 0) / images / counts.length);
}

/** MACs of one open channel by gate, {@linkcode channelMacs}, if the gates open their mean shares. */
export function meanChannelMacs(usage: GateUsage): number[] {
  return channelMacs(usage.cost, usage.openCounts.map(({ length }) => length), openSharesOf(usage));
}

/** Mean MACs of one image, gates included. */
export function meanMacs({ cost, termShares }: GateUsage): number {
  return gatedMacs(cost, termShares);
}

/**
 * rho, how much masks vary between images: sum_c MAC_c p_c (1 - p_c) / sum_c MAC_c q (1 - q).
 *
 * p_c is the share of images that channel c is open for, MAC_c its cost ({@linkcode meanChannelMacs}) and q the mean of
 * p_c, weighted by MAC_c.
 *
 * @returns in 0..1: 0 if all images have one mask, 1 if masks vary as much as their cost allows. 0 if all channels are
 * open or all are closed.
 */
export function maskVariation(usage: GateUsage): number {
  const { openCounts, images } = usage;
  const prices = meanChannelMacs(usage);
  let [total, open, variance] = [0, 0, 0];
  openCounts.forEach((counts, gate) => {
    const macs = prices[gate] ?? 0;
    for (const count of counts) {
      const share = count / images;
      total += macs;
      open += macs * share;
      variance += macs * share * (1 - share);
    }
  });
  const mean = open / total;
  // Rounding may bring equal shares above 1.
  return mean > 0 && mean < 1 ? Math.min(1, variance / (total * mean * (1 - mean))) : 0;
}
