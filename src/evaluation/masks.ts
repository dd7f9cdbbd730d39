/**
 * Masks in place of the gates' decisions: those of other images, and one for all images.
 *
 * What they are for: gates that decide alike for every image save as much and need no gate. The accuracy under exchanged and
 * under fixed masks of the same cost says what deciding image by image is worth.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { InvalidInputError, ShapeError } from "../errors.ts";
import { type GatedTerm, gatedTerms, type NetworkCost, termShares } from "../models/mod.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { Tensor } from "../tensor/mod.ts";

/** Masks for the images of a split. */
export interface MaskSource {
  /** For images `from` to `to` (exclusive), one [to - from, C] f32 of 0 and 1 for each gate; the scope's to free. */
  rows(device: Device, from: number, to: number): readonly Tensor[];
}

/** The gates' decisions for every image of a split, a byte a channel in host memory. */
export class SplitMasks {
  readonly #gates: { readonly channels: number; readonly open: Uint8Array<ArrayBuffer> }[] = [];

  /** Room for the decisions on `count` images. */
  constructor(readonly count: number) {}

  /** Keeps the masks [N, C] of the images from `from` on. @throws {ShapeError} where the split has no such images. */
  store(from: number, masks: readonly Tensor[]): void {
    masks.forEach((mask, gate) => {
      const [images, channels] = [mask.dim(0), mask.dim(1)];
      if (from + images > this.count) throw new ShapeError(`masks of image ${from + images - 1} of ${this.count}`);
      this.#gates[gate] ??= { channels, open: new Uint8Array(this.count * channels) };
      this.#gates[gate].open.set(mask.toFloat32(), from * channels);
    });
  }

  /**
   * The same decisions, each for another image.
   *
   * @param order int32 [count]: image i is given the mask of image order[i].
   */
  exchanged(order: Int32Array): MaskSource {
    return {
      rows: (device, from, to) =>
        this.#gates.map(({ channels, open }) => {
          const values = new Float32Array((to - from) * channels);
          for (let image = from; image < to; image++) {
            const donor = order[image] ?? 0;
            values.set(open.subarray(donor * channels, (donor + 1) * channels), (image - from) * channels);
          }
          return Tensor.from(device, values, [to - from, channels]);
        }),
    };
  }
}

/**
 * A random permutation without a fixed point, one cycle over all (Sattolo's algorithm): every image gets another's place.
 *
 * @param split which of the seed's derangements, from 0.
 * @returns int32 [count].
 * @throws {InvalidInputError} where there is one image only.
 */
export function derangement(count: number, seed: number, split: number): Int32Array<ArrayBuffer> {
  if (count === 1) {
    throw new InvalidInputError("a single image has no other to exchange its mask with: give two or more");
  }
  const random = new RandomStream(seed, Streams.exchange, split);
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const chosen = random.integer(last);
    [order[last], order[chosen]] = [order[chosen] ?? 0, order[last] ?? 0];
  }
  return order;
}

/** The channels that are open for most images, of equals the lower, as 0 and 1. */
function mostOpen(counts: Float64Array, open: number): Uint8Array {
  const byCount = Array.from(counts.keys()).sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b);
  const chosen = new Set(byCount.slice(0, open));
  return Uint8Array.from(counts, (_, channel) => Number(chosen.has(channel)));
}

/** What a gate adds to the cost by opening all its channels, where the others open such shares of theirs. */
function macsBehind(terms: readonly GatedTerm[], gate: number, shares: readonly number[]): number {
  const shareOf = (other: number | undefined) => other === undefined ? 1 : shares[other] ?? 0;
  return terms.reduce((total, { macs, gates: [first, second] }) => {
    if (first === gate) return total + macs * shareOf(second);
    return second === gate ? total + macs * shareOf(first) : total;
  }, 0);
}

/** The channels that a static network computes: one mask a gate for all images. */
export class StaticMask implements MaskSource {
  /** Which channels are open, by gate [C], 0 or 1. */
  readonly blocks: readonly Uint8Array[];

  /** Takes the masks as they are. */
  constructor(blocks: readonly Uint8Array[]) {
    this.blocks = blocks;
  }

  /**
   * The static mask that costs what gates cost: behind each gate the channels that are open for most of the training images (of equals
   * the lower), as many as are open on average. Averages are no whole numbers; a gate takes the nearest one, and what that
   * saves or spends in MACs is made up for in the gates after it, so that the whole differs from the gates' mean cost by less
   * than a channel of the last gates. So is what images spend or save by opening more behind one gate where they open more behind the
   * one after it, which one mask for all cannot.
   *
   * @param openCounts for how many training images each channel is open, by gate [C].
   * @param images how many training images there are.
   * @param computed what these compute of each gated term of the cost, in the mean; where left out, every image as many channels.
   */
  static ofEqualCost(
    openCounts: readonly Float64Array[],
    images: number,
    cost: NetworkCost,
    computed?: readonly number[],
  ): StaticMask {
    const terms = gatedTerms(cost);
    const means = openCounts.map((counts) => counts.reduce((total, open) => total + open, 0) / images);
    // What decided gates open, and what the others open on average.
    const shares = means.map((mean, gate) => mean / (openCounts[gate]?.length ?? 1));
    const alike = termShares(cost, shares);
    let owed = 0;
    return new StaticMask(openCounts.map((counts, gate) => {
      terms.forEach(({ macs, gates: [, second] }, term) => {
        if (second === gate && computed) owed += macs * ((computed[term] ?? 0) - (alike[term] ?? 0));
      });
      const channelMacs = macsBehind(terms, gate, shares) / counts.length;
      const wanted = (means[gate] ?? 0) * channelMacs + owed;
      const open = Math.min(counts.length, Math.max(0, Math.round(wanted / channelMacs)));
      owed = wanted - open * channelMacs;
      shares[gate] = open / counts.length;
      return mostOpen(counts, open);
    }));
  }

  /** As {@linkcode MaskSource.rows}. */
  rows(device: Device, from: number, to: number): readonly Tensor[] {
    return this.blocks.map((mask) => {
      const values = Float32Array.from({ length: (to - from) * mask.length }, (_, i) => mask[i % mask.length] ?? 0);
      return Tensor.from(device, values, [to - from, mask.length]);
    });
  }
}
