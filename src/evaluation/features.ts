/**
 * Features of a whole split, with what the gates opened for it.
 *
 * @module
 */
import type { EvaluationImages } from "../data/mod.ts";
import { offsetPointer } from "../device/mod.ts";
import { featureSize, type GatedResNet, type Pass } from "../models/mod.ts";
import { sum } from "../ops/mod.ts";
import { Scope, Tensor, unscoped } from "../tensor/mod.ts";
import type { MaskSource, SplitMasks } from "./masks.ts";

/** Images encoded at a time. */
const BATCH = 250;

/** Features [count, F] and what the gates opened (nothing in the dense network). */
export interface SplitFeatures extends Disposable {
  /** [count, F] f32. */
  readonly features: Tensor;
  /** Mean share of open channels of each block, in 0..1. */
  readonly openShares: readonly number[];
  /** For how many images each channel is open, by block [C]. */
  readonly openCounts: readonly Float64Array[];
}

/** What else is wanted of encoding. */
export interface EncodeOptions {
  /** Masks that are used in place of the gates' decisions, in every block. */
  readonly masks?: MaskSource;
  /** Takes note of what the gates decide for each image. */
  readonly decisions?: SplitMasks;
}

function copyRows(into: Tensor, row: number, rows: Tensor): void {
  const bytes = into.size / into.dim(0) * 4;
  into.device.kernels.sl_copy(null, offsetPointer(into.pointer, row * bytes), rows.pointer, rows.size * 4);
}

/** Images `from` to `to` (exclusive) of a split. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Applies `encode` to a split batch by batch and joins the rows that it returns. */
function collectRows(
  images: EvaluationImages,
  columns: number,
  encode: (batch: Tensor, range: Range) => Tensor,
  size?: readonly [height: number, width: number],
): Tensor {
  const { device, set: { count } } = images;
  const all = unscoped(() => new Tensor(device, [count, columns]));
  try {
    for (let from = 0; from < count; from += BATCH) {
      using _scope = new Scope();
      const to = Math.min(count, from + BATCH);
      copyRows(all, from, encode(images.normalised(from, to, size), { from, to }));
    }
  } catch (error) {
    all[Symbol.dispose]();
    throw error;
  }
  return all;
}

/** Adds to each block's counts how many rows of its mask [N, C] are open, by channel. */
function addCounts(counts: Float64Array[], masks: readonly Tensor[]): void {
  masks.forEach((mask, block) => {
    const added = sum(null, mask, "rows").toFloat32();
    const total = counts[block] ??= new Float64Array(added.length);
    added.forEach((open, channel) => total[channel] = (total[channel] ?? 0) + open);
  });
}

/** Encodes a split with one of a network's encoders; the gated one computes its open channels only. */
export function encodeSplit(
  network: GatedResNet,
  pass: Pass,
  images: EvaluationImages,
  { masks, decisions }: EncodeOptions = {},
): SplitFeatures {
  const openCounts: Float64Array[] = [];
  const features = collectRows(images, featureSize(network.spec), (batch, { from, to }) => {
    const used = masks?.rows(batch.device, from, to);
    const encoding = network.evaluate(pass, batch, used);
    addCounts(openCounts, used ?? encoding.masks);
    decisions?.store(from, encoding.masks);
    return encoding.features;
  });
  const { count } = images.set;
  const openShares = openCounts.map((counts) =>
    counts.reduce((total, open) => total + open, 0) / counts.length / count
  );
  return { features, openShares, openCounts, [Symbol.dispose]: () => features[Symbol.dispose]() };
}

/** Images of more pixels a side are shrunk to {@linkcode RAW_SIDE} before their pixels count as features. */
const LARGEST_RAW_SIDE = 96;
/** Side of shrunken images: 3,072 features, where those of 224 pixels would be 150,528. */
const RAW_SIDE = 32;

/** The pixels themselves as features: [count, H * W * 3], normalised; of images above 96 x 96 those of 32 x 32 pixels. */
export function rawPixels(images: EvaluationImages): SplitFeatures {
  const own = [images.set.height, images.set.width] as const;
  const size = Math.max(...own) > LARGEST_RAW_SIDE ? [RAW_SIDE, RAW_SIDE] as const : own;
  const features = collectRows(images, size[0] * size[1] * 3, (batch) => batch, size);
  return { features, openShares: [], openCounts: [], [Symbol.dispose]: () => features[Symbol.dispose]() };
}
