/**
 * Features of a whole split, with what the gates opened for it.
 *
 * @module
 */
import type { EvaluationImages } from "../data/mod.ts";
import { featureSize, type GatedResNet, type GatedTerm, gatedTerms, networkCost, type Pass } from "../models/mod.ts";
import { sum, writeRows } from "../ops/mod.ts";
import { Scope, Tensor, unscoped } from "../tensor/mod.ts";
import type { MaskSource, SplitMasks } from "./masks.ts";

/** Images encoded at a time. */
export const ENCODED_BATCH = 250;

/** Features [count, F] and what the gates opened (nothing in the dense network). */
export interface SplitFeatures extends Disposable {
  /** [count, F] f32. */
  readonly features: Tensor;
  /** Mean share of open channels of each gate, in 0..1. */
  readonly openShares: readonly number[];
  /** For how many images each channel is open, by gate [C]. */
  readonly openCounts: readonly Float64Array[];
  /** What is computed of each gated term of the network's cost, mean over the images, in 0..1. */
  readonly termShares: readonly number[];
}

/** What else is wanted of encoding. */
export interface EncodeOptions {
  /** Masks that are used in place of the gates' decisions, all of them. */
  readonly masks?: MaskSource;
  /** Takes note of what the gates decide for each image. */
  readonly decisions?: SplitMasks;
}

/** Images `from` to `to` (exclusive) of a split. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Work that can be left between two of its steps: whoever goes through them may do something else there, or go no further. */
export type Steps<T> = Generator<void, T>;

/** Does all steps of some work at once. */
export function allSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Applies `encode` to a split, a step a batch, and joins the rows that it returns. */
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

/** Counts of what gates open, over the images of a split. */
class OpenCounts {
  /** For how many images each channel is open, by gate [C]. */
  readonly channels: Float64Array[] = [];
  /** By term of two gates the sum over images of the products of their numbers of open channels; 0 of the other terms. */
  readonly #products: Float64Array;

  constructor(readonly terms: readonly GatedTerm[]) {
    this.#products = new Float64Array(terms.length);
  }

  /** Adds the masks [N, C] of further images, by gate. */
  add(masks: readonly Tensor[]): void {
    masks.forEach((mask, gate) => {
      const added = sum(null, mask, "rows").toFloat32();
      const total = this.channels[gate] ??= new Float64Array(added.length);
      added.forEach((open, channel) => total[channel] = (total[channel] ?? 0) + open);
    });
    this.terms.forEach(({ gates: [first, second] }, term) => {
      const [mask, other] = [masks[first], second === undefined ? undefined : masks[second]];
      if (mask === undefined || other === undefined) return;
      const [left, right] = [mask, other].map((of) => sum(null, of, "columns").toFloat32());
      left?.forEach((open, image) => this.#products[term] = (this.#products[term] ?? 0) + open * (right?.[image] ?? 0));
    });
  }

  /** Mean share of open channels of each gate, over `images` images. */
  shares(images: number): number[] {
    return this.channels.map((counts) => counts.reduce((total, open) => total + open, 0) / counts.length / images);
  }

  /** What is computed of each term, mean over `images` images; nothing where no masks were added. */
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

/** Encodes a split with one of a network's encoders; the gated one computes its open channels only. */
export function encodeSplit(
  network: GatedResNet,
  pass: Pass,
  images: EvaluationImages,
  options: EncodeOptions = {},
): SplitFeatures {
  return allSteps(encodeInSteps(network, pass, images, options));
}

/** As {@linkcode encodeSplit}, a step a batch. */
export function* encodeInSteps(
  network: GatedResNet,
  pass: Pass,
  images: EvaluationImages,
  { masks, decisions }: EncodeOptions = {},
): Steps<SplitFeatures> {
  const counts = new OpenCounts(gatedTerms(networkCost(network.spec)));
  const features = yield* collectRows(images, featureSize(network.spec), (batch, { from, to }) => {
    const used = masks?.rows(batch.device, from, to);
    const encoding = network.evaluate(pass, batch, used);
    counts.add(used ?? encoding.masks);
    decisions?.store(from, encoding.masks);
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

/** Images of more pixels a side are shrunk to {@linkcode RAW_SIDE} before their pixels count as features. */
const LARGEST_RAW_SIDE = 96;
/** Side of shrunken images: 3,072 features, where those of 224 pixels would be 150,528. */
const RAW_SIDE = 32;

/** The pixels themselves as features: [count, H * W * 3], normalised; of images above 96 x 96 those of 32 x 32 pixels. */
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
