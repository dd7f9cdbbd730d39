/**
 * The linear probe on cached features, which encodes each image once.
 *
 * @module
 */
import { warmupCosine } from "../optim/mod.ts";
import { binary, scale, sum, unary } from "../ops/mod.ts";
import { RandomStream, streamOf, Streams } from "../random/mod.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import type { LabelledFeatures } from "./neighbours.ts";
import { type ProbeAccuracy, SoftmaxClassifier } from "./softmax_classifier.ts";

/** Settings of the probe. */
export interface ProbeOptions {
  /** Number of classes. */
  readonly classes: number;
  /** Seed of the order of images. */
  readonly seed: number;
  /** Number of the probe among several that differ only in the order of images; 0 by default. */
  readonly replicate?: number;
  /** 100 by default. */
  readonly epochs?: number;
  /** 256 by default. */
  readonly batch?: number;
  /** Base learning rate, 0.1 by default. */
  readonly rate?: number;
}

/** Accuracy of several probes that differ only in the order of images. */
export interface ProbeSummary extends ProbeAccuracy {
  /** Standard deviation of the accuracies (divisor n - 1), in percentage points; null for one probe. */
  readonly std: ProbeAccuracy | null;
  /** Number of probes. `top1` and `top5` are means over them. */
  readonly seeds: number;
}

/** The order of images in an epoch of a probe. */
export function probeOrder(
  count: number,
  { seed, replicate = 0, epoch }: Pick<ProbeOptions, "seed" | "replicate"> & { readonly epoch: number },
): Int32Array<ArrayBuffer> {
  const stream = replicate === 0 ? Streams.probe : streamOf(Streams.probe, replicate);
  return new RandomStream(seed, stream, epoch).permutation(count);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** Mean and standard deviation of several probes' accuracies. */
export function summariseProbes(accuracies: readonly ProbeAccuracy[]): ProbeSummary {
  const all = { top1: accuracies.map(({ top1 }) => top1), top5: accuracies.map(({ top5 }) => top5) };
  const [top1, top5] = [meanOf(all.top1), meanOf(all.top5)];
  const spread = (values: readonly number[], centre: number) =>
    Math.sqrt(values.reduce((total, value) => total + (value - centre) ** 2, 0) / (values.length - 1));
  const std = accuracies.length < 2 ? null : { top1: spread(all.top1, top1), top5: spread(all.top5, top5) };
  return { top1, top5, std, seeds: accuracies.length };
}

/** Standardises both sets by the mean and deviation of the training set. */
function standardise(train: Tensor, test: Tensor): { train: Tensor; test: Tensor } {
  const rows = train.dim(0);
  const centre = sum(null, train, "rows", 1 / rows);
  const centred = binary(null, "subtract", train, centre, "row");
  const variance = sum(null, unary(null, "square", centred), "rows", 1 / rows);
  const deviation = unary(null, "sqrt", scale(null, variance, 1, 1e-10));
  return {
    train: binary(null, "divide", centred, deviation, "row"),
    test: binary(null, "divide", binary(null, "subtract", test, centre, "row"), deviation, "row"),
  };
}

/**
 * Trains a linear classifier on features and tests it: SGD with momentum 0.9, learning rate 0.1 falling to 0 along half
 * a cosine over 100 epochs, batch 256, no weight decay, weights starting at 0. Both sets are standardised by the mean
 * and deviation of the training set.
 *
 * @param train features and classes to fit.
 * @param test features and classes to predict.
 */
export function linearProbe(train: LabelledFeatures, test: LabelledFeatures, options: ProbeOptions): ProbeAccuracy {
  const { classes, epochs = 100, batch = 256, rate = 0.1 } = options;
  using _scope = new Scope();
  const { device } = train.features;
  const inputs = standardise(train.features, test.features);
  const labels = Tensor.from(device, train.labels, [train.labels.length]);
  using classifier = new SoftmaxClassifier(device, train.features.dim(1), classes);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const epochRate = warmupCosine(epoch, { epochs, warmupEpochs: 0, startRate: rate, peakRate: rate });
    const order = probeOrder(train.labels.length, { ...options, epoch });
    classifier.learn(inputs.train, labels, { order, batch, rate: epochRate });
  }
  return classifier.accuracy({ features: inputs.test, labels: test.labels });
}

/** Repeats {@linkcode linearProbe} with `seeds` different orders of the images. */
export function linearProbes(
  train: LabelledFeatures,
  test: LabelledFeatures,
  options: Omit<ProbeOptions, "replicate">,
  seeds: number,
): ProbeSummary {
  const replicates = Array.from({ length: seeds }, (_, replicate) => replicate);
  return summariseProbes(replicates.map((replicate) => linearProbe(train, test, { ...options, replicate })));
}
