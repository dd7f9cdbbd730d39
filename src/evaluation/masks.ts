/**
 * Masks in place of the gates' decisions: the masks of other images, or one mask for all images.
 *
 * A gate that decides alike for every image could be replaced by one fixed mask of equal cost. So the accuracy under
 * exchanged and under fixed masks shows what it is worth to decide for each image.
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
  /**
   * For images `from` to `to` (exclusive), one tensor for each gate, [to - from, C] f32 of 0 and 1, owned by the open
   * scope.
   */
  rows(device: Device, from: number, to: number): readonly Tensor[];
}

/** The gates' decisions for every image of a split, in host memory with one byte for each channel. */
export class SplitMasks {
  readonly #gates: { readonly channels: number; readonly open: Uint8Array<ArrayBuffer> }[] = [];

  /** Starts without decisions, for a split of `count` images. */
  constructor(readonly count: number) {}

  /** Stores the masks [N, C] of images `from` and following. @throws {ShapeError} if the split has no such images. */
  store(from: number, masks: readonly Tensor[]): void {
    masks.forEach((mask, gate) => {
      const [images, channels] = [mask.dim(0), mask.dim(1)];
      if (from + images > this.count) {
        throw new ShapeError(`masks of image ${from + images - 1}: the split has ${this.count} images`);
      }
      this.#gates[gate] ??= { channels, open: new Uint8Array(this.count * channels) };
      this.#gates[gate].open.set(mask.toFloat32(), from * channels);
    });
  }

  /**
   * The decisions of other images.
   *
   * @param order int32 [count]: image i gets the masks of image order[i].
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
 * A random permutation without fixed points: a single cycle over all images, by Sattolo's algorithm.
 *
 * @param split number of the derangement among those of a seed, from 0.
 * @returns int32 [count].
 * @throws {InvalidInputError} if there is only one image.
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

/** Marks the `open` channels that most images open with 1, all others with 0. Ties go to the lower channel. */
function mostOpen(counts: Float64Array, open: number): Uint8Array {
  const byCount = Array.from(counts.keys()).sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b);
  const chosen = new Set(byCount.slice(0, open));
  return Uint8Array.from(counts, (_, channel) => Number(chosen.has(channel)));
}

/** MACs that depend on a gate, if all its channels are open and each other gate opens its share. */
function macsBehind(terms: readonly GatedTerm[], gate: number, shares: readonly number[]): number {
  const shareOf = (other: number | undefined) => other === undefined ? 1 : shares[other] ?? 0;
  return terms.reduce((total, { macs, gates: [first, second] }) => {
    if (first === gate) return total + macs * shareOf(second);
    return second === gate ? total + macs * shareOf(first) : total;
  }, 0);
}

/** One mask for each gate, used for all images: the channels that a network without gates would keep. */
export class StaticMask implements MaskSource {
  /** 1 for open and 0 for closed channels, by gate [C]. */
  readonly blocks: readonly Uint8Array[];

  /** Takes the masks as they are. */
  constructor(blocks: readonly Uint8Array[]) {
    this.blocks = blocks;
  }

  /**
   * The static mask that costs as much as the gates do on average. Each gate keeps the channels that most training
   * images open, as many as are open on average. Ties go to the lower channel.
   *
   * An average is rarely a whole number. A gate rounds it, and the gates after it make up for the MACs that rounding
   * saves or spends, so that the total differs from the gates' mean cost by less than a channel of the last gates. They
   * also make up for the correlation of neighbouring gates, which one mask for all images cannot have.
   *
   * @param openCounts number of training images that each channel is open for, by gate [C].
   * @param images number of training images.
   * @param computed mean computed share of each gated term of the cost; by default, as if every image opened equally
   * many channels.
   */
  static ofEqualCost(
    openCounts: readonly Float64Array[],
    images: number,
    cost: NetworkCost,
    computed?: readonly number[],
  ): StaticMask {
    const terms = gatedTerms(cost);
    const means = openCounts.map((counts) => counts.reduce((total, open) => total + open, 0) / images);
    // Shares of gates that are done, and mean shares of the gates to come.
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

  /** Repeats the masks for each image, as {@linkcode MaskSource.rows} asks. */
  rows(device: Device, from: number, to: number): readonly Tensor[] {
    return this.blocks.map((mask) => {
      const values = Float32Array.from({ length: (to - from) * mask.length }, (_, i) => mask[i % mask.length] ?? 0);
      return Tensor.from(device, values, [to - from, mask.length]);
    });
  }
}
