/**
 * Features of a whole split, with what the gates opened for it.
 *
 * @module
 */
import type { EvaluationImages } from "../data/mod.ts";
import { offsetPointer } from "../device/mod.ts";
import { featureSize, type GatedResNet, type Pass } from "../models/mod.ts";
import { mean } from "../ops/mod.ts";
import { Scope, Tensor, unscoped } from "../tensor/mod.ts";

/** Images encoded at a time. */
const BATCH = 250;

/** Features [count, F] and the mean share of open channels of each block (none for the dense network). */
export interface SplitFeatures extends Disposable {
  /** [count, F] f32. */
  readonly features: Tensor;
  /** Mean share of open channels of each block, in 0..1. */
  readonly openShares: readonly number[];
}

function copyRows(into: Tensor, row: number, rows: Tensor): void {
  const bytes = into.size / into.dim(0) * 4;
  into.device.kernels.sl_copy(null, offsetPointer(into.pointer, row * bytes), rows.pointer, rows.size * 4);
}

/** Applies `encode` to a split batch by batch and joins the rows that it returns. */
function collectRows(
  images: EvaluationImages,
  columns: number,
  encode: (batch: Tensor, count: number) => Tensor,
  size?: readonly [height: number, width: number],
): Tensor {
  const { device, set: { count } } = images;
  const all = unscoped(() => new Tensor(device, [count, columns]));
  for (let from = 0; from < count; from += BATCH) {
    using _scope = new Scope();
    const to = Math.min(count, from + BATCH);
    copyRows(all, from, encode(images.normalised(from, to, size), to - from));
  }
  return all;
}

/** Encodes a split with one of a network's encoders; the gated one computes its open channels only. */
export function encodeSplit(network: GatedResNet, pass: Pass, images: EvaluationImages): SplitFeatures {
  const open: number[] = [];
  const features = collectRows(images, featureSize(network.spec), (batch, count) => {
    const encoding = network.evaluate(pass, batch);
    encoding.masks.forEach((mask, block) => {
      open[block] = (open[block] ?? 0) + mean(null, mask).item() * count / images.set.count;
    });
    return encoding.features;
  });
  return { features, openShares: open, [Symbol.dispose]: () => features[Symbol.dispose]() };
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
  return { features, openShares: [], [Symbol.dispose]: () => features[Symbol.dispose]() };
}
