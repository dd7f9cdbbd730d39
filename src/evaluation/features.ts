/**
 * Encodes a whole split, and counts the channels that are open for it.
 *
 * @module
 */
import type { EvaluationImages } from "../data/mod.ts";
import {
  featureSize,
  type GatedResNet,
  type GatedTerm,
  gatedTerms,
  type NetworkCost,
  networkCost,
  type Pass,
  type Trace,
} from "../models/mod.ts";
import { sum, writeRows } from "../ops/mod.ts";
import { contentsOf, type Precision, Scope, Tensor, unscoped } from "../tensor/mod.ts";
import type { MaskSource, SplitMasks } from "./masks.ts";

/** Images encoded at a time. */
export const ENCODED_BATCH = 250;

/** Features of a split, and the open channels of its gates (empty for the dense network). */
export interface SplitFeatures extends Disposable {
  /** [count, F] f32. */
  readonly features: Tensor;
  /** Mean share of open channels of each gate, in 0..1. */
  readonly openShares: readonly number[];
  /** Number of images that each channel is open for, by gate [C]. */
  readonly openCounts: readonly Float64Array[];
  /** Computed share of each gated term of the network's cost, averaged over the images, in 0..1. */
  readonly termShares: readonly number[];
}

/** Settings of encoding. */
export interface EncodeOptions {
  /** Masks in place of all the gates' decisions. */
  readonly masks?: MaskSource;
  /** Stores the gates' decisions for each image. */
  readonly decisions?: SplitMasks;
  /** Watches the convolutions of each batch; the pass then computes every channel. */
  readonly trace?: Trace;
  /** The precision of the network's passes; f32 by default. */
  readonly precision?: Precision;
  /** Called after each batch with the index of its first image. Tensors of the batch are freed after the call. */
  readonly encoded?: (from: number) => void;
}

/** The images `from` to `to` (exclusive) of a split. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Work in steps. The caller may do other things between two steps, or stop there. */
export type Steps<T> = Generator<void, T>;

/** Does all steps, and returns the result. */
export function allSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Applies `encode` to the batches of a split, one in each step, and joins the rows that it returns. */
function* collectRows(
  images: EvaluationImages,
  columns: number,
  encode: (batch: Tensor, range: Range) => Tensor,
  size?: readonly [height: number, width: number],
): Steps<Tensor> {
  const { device, set: { count } } = images;
  using undone = new DisposableStack();
  const all = undone.use(unscoped(() => new Tensor(device, [count, columns])));
  for (let from = 0; from < count; from += ENCODED_BATCH) {
    const to = Math.min(count, from + ENCODED_BATCH);
    {
      using _scope = new Scope();
      writeRows(all, from, encode(images.normalised(from, to, size), { from, to }));
    }
    yield;
  }
  undone.move();
  return all;
}

/** Counts open channels over the images of a split. */
class OpenCounts {
  /** Number of images that each channel is open for, by gate [C]. */
  readonly channels: Float64Array[] = [];
  /** For each term between two gates, sum over images of the product of both numbers of open channels; else 0. */
  readonly #products: Float64Array;

  constructor(readonly terms: readonly GatedTerm[]) {
    this.#products = new Float64Array(terms.length);
  }

  /** Adds the masks [N, C] of further images, by gate. */
  add(masks: readonly Tensor[]): void {
    const pairs = this.terms.flatMap(({ gates: [first, second] }, term) => {
      const [mask, other] = [masks[first], second === undefined ? undefined : masks[second]];
      return mask === undefined || other === undefined ? [] : [{ term, masks: [mask, other] }];
    });
    const ofPairs = pairs.flatMap((pair) => pair.masks.map((mask) => sum(null, mask, "columns")));
    const counts = contentsOf([...masks.map((mask) => sum(null, mask, "rows")), ...ofPairs]);
    counts.slice(0, masks.length).forEach((added, gate) => {
      const total = this.channels[gate] ??= new Float64Array(added.length);
      added.forEach((open, channel) => total[channel] = (total[channel] ?? 0) + open);
    });
    pairs.forEach(({ term }, pair) => {
      const [left, right] = counts.slice(masks.length + 2 * pair);
      left?.forEach((open, image) => this.#products[term] = (this.#products[term] ?? 0) + open * (right?.[image] ?? 0));
    });
  }

  /** Mean share of open channels of each gate, over `images` images. */
  shares(images: number): number[] {
    return this.channels.map((counts) => counts.reduce((total, open) => total + open, 0) / counts.length / images);
  }

  /** Computed share of each term, averaged over `images` images; empty if no masks were added. */
  termShares(images: number): number[] {
    if (this.channels.length === 0) return [];
    const shares = this.shares(images);
    return this.terms.map(({ gates: [first, second] }, term) => {
      if (second === undefined) return shares[first] ?? 0;
      const [left, right] = [this.channels[first]?.length ?? 0, this.channels[second]?.length ?? 0];
      return (this.#products[term] ?? 0) / (left * right) / images;
    });
  }
}

/**
 * The computed share of each gated term of a network's cost, averaged over images, in 0..1.
 *
 * @param batches the masks of some batches, each by gate [N, C].
 * @param images the images of all batches.
 */
export function measuredTermShares(
  cost: NetworkCost,
  batches: readonly (readonly Tensor[])[],
  images: number,
): readonly number[] {
  const counts = new OpenCounts(gatedTerms(cost));
  for (const masks of batches) counts.add(masks);
  return counts.termShares(images);
}

/** Encodes a split by one pass of a network. A gated pass computes open channels only. */
export function encodeSplit(
  network: GatedResNet,
  pass: Pass,
  images: EvaluationImages,
  options: EncodeOptions = {},
): SplitFeatures {
  return allSteps(encodeInSteps(network, pass, images, options));
}

/** {@linkcode encodeSplit} with a step for each batch. */
export function* encodeInSteps(
  network: GatedResNet,
  pass: Pass,
  images: EvaluationImages,
  { masks, decisions, trace, precision, encoded }: EncodeOptions = {},
): Steps<SplitFeatures> {
  const counts = new OpenCounts(gatedTerms(networkCost(network.spec)));
  const features = yield* collectRows(images, featureSize(network.spec), (batch, { from, to }) => {
    const used = masks?.rows(batch.device, from, to);
    const encoding = network.evaluate(pass, batch, { masks: used, trace, precision });
    counts.add(used ?? encoding.masks);
    decisions?.store(from, encoding.masks);
    encoded?.(from);
    return encoding.features;
  });
  const { count } = images.set;
  return {
    features,
    openShares: counts.shares(count),
    openCounts: counts.channels,
    termShares: counts.termShares(count),
    [Symbol.dispose]: () => features[Symbol.dispose](),
  };
}

/** Images with a longer side are shrunk to {@linkcode RAW_SIDE} before their pixels serve as features. */
const LARGEST_RAW_SIDE = 96;
/** Side of shrunken images: 3,072 features instead of 150,528 for 224 x 224 pixels. */
const RAW_SIDE = 32;

/** Normalised pixels as features, [count, H * W * 3]. Images larger than 96 x 96 are shrunk to 32 x 32. */
export function rawPixels(images: EvaluationImages): SplitFeatures {
  const own = [images.set.height, images.set.width] as const;
  const size = Math.max(...own) > LARGEST_RAW_SIDE ? [RAW_SIDE, RAW_SIDE] as const : own;
  const features = allSteps(collectRows(images, size[0] * size[1] * 3, (batch) => batch, size));
  return {
    features,
    openShares: [],
    openCounts: [],
    termShares: [],
    [Symbol.dispose]: () => features[Symbol.dispose](),
  };
}
