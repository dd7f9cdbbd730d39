/**
 * Features of a whole split, with what the gates opened for it.
 *
 * @module
 */
import type { ImageStore } from "../data/mod.ts";
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
function collectRows(images: ImageStore, columns: number, encode: (batch: Tensor, count: number) => Tensor): Tensor {
  const all = unscoped(() => new Tensor(images.device, [images.count, columns]));
  for (let from = 0; from < images.count; from += BATCH) {
    using _scope = new Scope();
    const to = Math.min(images.count, from + BATCH);
    copyRows(all, from, encode(images.normalised(from, to), to - from));
  }
  return all;
}

/** Encodes a split with one of a network's encoders; the gated one computes its open channels only. */
export function encodeSplit(network: GatedResNet, pass: Pass, images: ImageStore): SplitFeatures {
  const open: number[] = [];
  const features = collectRows(images, featureSize(network.spec), (batch, count) => {
    const encoding = network.evaluate(pass, batch);
    encoding.masks.forEach((mask, block) => {
      open[block] = (open[block] ?? 0) + mean(null, mask).item() * count / images.count;
    });
    return encoding.features;
  });
  return { features, openShares: open, [Symbol.dispose]: () => features[Symbol.dispose]() };
}

/** The pixels themselves as features: [count, H * W * 3], normalised. */
export function rawPixels(images: ImageStore): SplitFeatures {
  const { height, width } = images.set;
  const features = collectRows(images, height * width * 3, (batch) => batch);
  return { features, openShares: [], [Symbol.dispose]: () => features[Symbol.dispose]() };
}
