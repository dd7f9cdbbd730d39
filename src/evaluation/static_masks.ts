/**
 * Ways to choose one mask for all images that costs what the gates cost on average.
 *
 * @module
 */
import { channelMacs, gatedMacs, gatedTerms, termShares } from "../models/mod.ts";
import { type GateUsage, meanChannelMacs, meanMacs } from "./gate_usage.ts";
import { StaticMask } from "./masks.ts";
import type { StaticWay } from "./protocols.ts";

/** A channel of a network's gates. */
interface Channel {
  readonly gate: number;
  readonly channel: number;
}

/** The channels of all gates, the largest value first. Ties go to the lower gate, then to the lower channel. */
function byValue(values: readonly Float64Array[]): Channel[] {
  const of = ({ gate, channel }: Channel) => values[gate]?.[channel] ?? 0;
  const channels = values.flatMap((row, gate) => Array.from(row.keys(), (channel) => ({ gate, channel })));
  return channels.sort((a, b) => of(b) - of(a) || a.gate - b.gate || a.channel - b.channel);
}

/** Costs whose difference is below this share are equal: it is rounding. */
const ROUNDING = 1e-12;

/**
 * Opens channels in the order of their values, up to the gates' mean cost. A channel that would exceed it is passed
 * over, and cheaper ones after it may still open.
 *
 * @param values by gate [C].
 */
function keepLargest(values: readonly Float64Array[], usage: GateUsage): StaticMask {
  const { cost } = usage;
  const most = meanMacs(usage) * (1 + ROUNDING);
  const blocks = values.map(({ length }) => new Uint8Array(length));
  const shares = values.map(() => 0);
  for (const { gate, channel } of byValue(values)) {
    const [before = 0, channels = 1] = [shares[gate], values[gate]?.length];
    shares[gate] = before + 1 / channels;
    if (gatedMacs(cost, termShares(cost, shares)) <= most) blocks[gate]?.set([1], channel);
    else shares[gate] = before;
  }
  return new StaticMask(blocks);
}

/** Marks the `open` channels that most images open with 1, all others with 0. Ties go to the lower channel. */
function mostOpenOf(counts: Float64Array, open: number): Uint8Array {
  const chosen = byValue([counts]).slice(0, open);
  const marks = new Uint8Array(counts.length);
  for (const { channel } of chosen) marks[channel] = 1;
  return marks;
}

/**
 * Keeps for each gate the channels that most images open, as many as are open on average. Ties go to the lower channel.
 *
 * An average is rarely a whole number. A gate rounds it, and the gates after it make up for the MACs that rounding
 * saves or spends, so that the total differs from the gates' mean cost by less than a channel of the last gates. They
 * also make up for the correlation of neighbouring gates, which one mask for all images cannot have.
 */
function mostOpenByGate(usage: GateUsage): StaticMask {
  const { cost, images, openCounts, termShares: computed } = usage;
  const terms = gatedTerms(cost);
  const channels = openCounts.map(({ length }) => length);
  const means = openCounts.map((counts) => counts.reduce((total, open) => total + open, 0) / images);
  // Shares of gates that are done, and mean shares of the gates to come.
  const shares = means.map((mean, gate) => mean / (channels[gate] ?? 1));
  const alike = termShares(cost, shares);
  let owed = 0;
  return new StaticMask(openCounts.map((counts, gate) => {
    terms.forEach(({ macs, gates: [, second] }, term) => {
      if (second === gate) owed += macs * ((computed[term] ?? 0) - (alike[term] ?? 0));
    });
    const price = channelMacs(cost, channels, shares)[gate] ?? 0;
    const wanted = (means[gate] ?? 0) * price + owed;
    const open = Math.min(counts.length, Math.max(0, Math.round(wanted / price)));
    owed = wanted - open * price;
    shares[gate] = open / counts.length;
    return mostOpenOf(counts, open);
  }));
}

/**
 * MACs of one open channel by gate, to rank channels by their value per MAC: {@linkcode meanChannelMacs}, but at least
 * 1, since a channel between two closed gates costs nothing.
 */
export function rankingPrices(usage: GateUsage): number[] {
  return meanChannelMacs(usage).map((macs) => Math.max(1, macs));
}

/**
 * The static mask of a way: one mask for all images that costs what the gates cost on average, to within a channel.
 * Only the mask by gate may cost a little more.
 *
 * @param usage how the gates open over training images.
 * @param scores mean score per MAC of each channel over training images, by gate [C], {@linkcode meanScores}.
 */
export function staticMask(way: StaticWay, usage: GateUsage, scores: readonly Float64Array[]): StaticMask {
  const { openCounts } = usage;
  switch (way) {
    case "mostOpen":
      return keepLargest(openCounts, usage);
    case "mostOpenPerMac": {
      const prices = rankingPrices(usage);
      return keepLargest(openCounts.map((counts, gate) => counts.map((open) => open / (prices[gate] ?? 1))), usage);
    }
    case "mostOpenByGate":
      return mostOpenByGate(usage);
    case "scorePerMac":
      return keepLargest(scores, usage);
  }
}
