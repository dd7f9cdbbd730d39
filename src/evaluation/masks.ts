/**
 * Masks in place of the gates' decisions: stored ones, those of other images, or one mask for all images.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { MisuseError, ShapeError } from "../errors.ts";
import { gateSpecs, type NetworkSpec } from "../models/mod.ts";
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

/** Masks for every image of a split, in host memory with one byte for each channel. */
export class SplitMasks implements MaskSource {
  readonly #gates: { readonly channels: number; readonly open: Uint8Array<ArrayBuffer> }[] = [];

  /** Starts without masks, for a split of `count` images. */
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

  /** The stored masks, as {@linkcode MaskSource.rows} asks. */
  rows(device: Device, from: number, to: number): readonly Tensor[] {
    return this.#gates.map(({ channels, open }) => {
      return Tensor.from(device, Float32Array.from(open.subarray(from * channels, to * channels)), [
        to - from,
        channels,
      ]);
    });
  }

  /**
   * The masks of other images.
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
 * @throws {MisuseError} if there is only one image.
 */
export function derangement(count: number, seed: number, split: number): Int32Array<ArrayBuffer> {
  if (count === 1) {
    throw new MisuseError("a single image has no other to exchange its mask with");
  }
  const random = new RandomStream(seed, Streams.exchange, split);
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const chosen = random.integer(last);
    [order[last], order[chosen]] = [order[chosen] ?? 0, order[last] ?? 0];
  }
  return order;
}

/** One mask for each gate, used for all images: the channels that a network without gates would keep. */
export class StaticMask implements MaskSource {
  /** 1 for open and 0 for closed channels, by gate [C]. */
  readonly blocks: readonly Uint8Array[];

  /** Takes the masks as they are. */
  constructor(blocks: readonly Uint8Array[]) {
    this.blocks = blocks;
  }

  /** The mask that opens every channel of a network. */
  static allOpen(spec: NetworkSpec): StaticMask {
    return new StaticMask(gateSpecs(spec).map(({ channels }) => new Uint8Array(channels).fill(1)));
  }

  /** Repeats the masks for each image, as {@linkcode MaskSource.rows} asks. */
  rows(device: Device, from: number, to: number): readonly Tensor[] {
    return this.blocks.map((mask) => {
      const values = Float32Array.from({ length: (to - from) * mask.length }, (_, i) => mask[i % mask.length] ?? 0);
      return Tensor.from(device, values, [to - from, mask.length]);
    });
  }
}
