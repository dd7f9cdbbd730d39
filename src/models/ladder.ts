/**
 * The ladder of a network that serves every budget: one order of channels for all images, of which each budget's
 * network is a prefix.
 *
 * @module
 */
import { gatedMacs, type NetworkCost, networkCost, termShares } from "./cost.ts";
import { gateSpecs, type NetworkSpec } from "./spec.ts";

/** A place in the order: a channel of a gate. */
interface Rung {
  readonly gate: number;
  readonly channel: number;
}

/** The smallest cost of a ladder, with one channel of each gate, as a share of the dense network's. */
export function smallestCost(spec: NetworkSpec): number {
  const ladder = new Ladder(spec);
  return ladder.costAt(ladder.least);
}

/** Differences of shares below this are rounding. */
const ROUNDING = 1e-12;

/**
 * The order of a network's gated channels. The first channel of every gate comes first, and then the channel that is
 * the smallest share of the way through its gate, so that all gates open evenly. (after the widths of slimmable
 * networks, Yu et al. 2019)
 */
export class Ladder {
  readonly #channels: readonly number[];
  readonly #rungs: readonly Rung[];
  readonly #cost: NetworkCost;

  /** Orders the channels of a network with gates. */
  constructor(spec: NetworkSpec) {
    this.#cost = networkCost(spec);
    this.#channels = gateSpecs(spec).map(({ channels }) => channels);
    const place = ({ gate, channel }: Rung) => channel === 0 ? 0 : (channel + 0.5) / (this.#channels[gate] ?? 1);
    this.#rungs = this.#channels
      .flatMap((count, gate) => Array.from({ length: count }, (_, channel) => ({ gate, channel })))
      .sort((a, b) => place(a) - place(b) || a.gate - b.gate);
  }

  /** How many channels there are. */
  get length(): number {
    return this.#rungs.length;
  }

  /** How many channels are open at least: one of each gate. */
  get least(): number {
    return this.#channels.length;
  }

  /** The place of each channel in the order, by gate [C]. */
  ranks(): Float32Array<ArrayBuffer>[] {
    const ranks = this.#channels.map((count) => new Float32Array(count));
    this.#rungs.forEach(({ gate, channel }, rank) => ranks[gate]?.set([rank], channel));
    return ranks;
  }

  /** How many channels of each gate are among the first `open` ones. */
  kept(open: number): number[] {
    const kept = this.#channels.map(() => 0);
    for (const { gate, channel } of this.#rungs.slice(0, open)) kept[gate] = channel + 1;
    return kept;
  }

  /** MACs as a share of the dense network's if the first `open` channels are computed. */
  costAt(open: number): number {
    return this.costOf(this.kept(open));
  }

  /** MACs as a share of the dense network's if so many channels of each gate are computed. */
  costOf(kept: readonly number[]): number {
    const shares = kept.map((count, gate) => count / (this.#channels[gate] ?? 1));
    return gatedMacs(this.#cost, termShares(this.#cost, shares)) / this.#cost.macs;
  }

  /**
   * The channels of a slim network: multiples, at least one of them, of the first channels of each gate.
   *
   * @param cost the most MACs, as a share of the dense network's.
   * @returns how many channels each gate keeps, or null if not even the smallest network is that cheap.
   */
  keptFor(cost: number, multiple: number): number[] | null {
    const rounded = (open: number) =>
      this.kept(open).map((count, gate) => Math.min(Math.ceil(count / multiple) * multiple, this.#channels[gate] ?? 1));
    const fits = (open: number) => this.costOf(rounded(open)) <= cost + ROUNDING;
    return fits(this.least) ? rounded(this.#mostThat(fits)) : null;
  }

  /** The most channels that fit, of which all smaller numbers fit, too; the least there are if not even they do. */
  #mostThat(fits: (open: number) => boolean): number {
    let [below, above] = [this.least, this.length + 1];
    while (above - below > 1) {
      const middle = (below + above) >> 1;
      if (fits(middle)) below = middle;
      else above = middle;
    }
    return below;
  }

  /** How many channels to open so that the cost is nearest to a share of the dense network's; the fewer of two. */
  openFor(cost: number): number {
    const below = this.#mostThat((open) => this.costAt(open) <= cost + ROUNDING);
    const above = Math.min(below + 1, this.length);
    return cost - this.costAt(below) <= this.costAt(above) - cost + ROUNDING ? below : above;
  }
}
