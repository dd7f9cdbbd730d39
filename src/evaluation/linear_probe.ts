/**
 * The linear probe: softmax regression on frozen features.
 *
 * @module
 */
import { Tape } from "../autograd/mod.ts";
import { Linear } from "../nn/mod.ts";
import { Sgd, warmupCosine } from "../optim/mod.ts";
import { binary, crossEntropy, gatherRows, linear, mean, scale, sum, topK, unary } from "../ops/mod.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import type { LabelledFeatures } from "./neighbours.ts";

/** Settings of the probe. */
export interface ProbeOptions {
  /** Number of classes. */
  readonly classes: number;
  /** Seed of the order of images. */
  readonly seed: number;
  /** 100 by default. */
  readonly epochs?: number;
  /** 256 by default. */
  readonly batch?: number;
  /** Base learning rate, 0.1 by default. */
  readonly rate?: number;
}

/** Accuracies in percent; top5 is 100 where there are five classes or fewer. */
export interface ProbeAccuracy {
  /** Percent whose class is the first guess. */
  readonly top1: number;
  /** Percent whose class is among the first five guesses. */
  readonly top5: number;
}

/** Standardises both sets by the training set's mean and deviation. */
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

function accuracyOf(layer: Linear, test: Tensor, labels: Int32Array, classes: number): ProbeAccuracy {
  const k = Math.min(5, classes);
  const best = topK(layer.forward(null, test), k).indices.toHost();
  let [first, among] = [0, 0];
  labels.forEach((label, row) => {
    const guesses = best.subarray(row * k, row * k + k);
    if (guesses[0] === label) first++;
    if (guesses.includes(label)) among++;
  });
  return { top1: 100 * first / labels.length, top5: 100 * among / labels.length };
}

/**
 * Trains a linear classifier on features and tests it: SGD with momentum 0.9, rate 0.1 falling to 0 by half a cosine over 100
 * epochs, batch 256, no weight decay, weights starting at 0.
 *
 * @param train features and classes to fit; standardised by their own mean and deviation.
 * @param test features and classes to predict; standardised likewise.
 */
export function linearProbe(train: LabelledFeatures, test: LabelledFeatures, options: ProbeOptions): ProbeAccuracy {
  const { classes, seed, epochs = 100, batch = 256, rate = 0.1 } = options;
  using _scope = new Scope();
  const { device } = train.features;
  const size = train.features.dim(1);
  const inputs = standardise(train.features, test.features);
  const labels = Tensor.from(device, train.labels, [train.labels.length]);
  const zeros = new Float32Array(classes * size);
  using layer = new Linear(device, { inFeatures: size, outFeatures: classes }, zeros, new Float32Array(classes));
  using optimizer = new Sgd(device, new Map(layer.parameters()));

  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = new RandomStream(seed, Streams.probe, epoch).permutation(train.labels.length);
    const epochRate = warmupCosine(epoch, { epochs, warmupEpochs: 0, startRate: rate, peakRate: rate });
    for (let from = 0; from < order.length; from += batch) {
      using _step = new Scope();
      const chosen = order.slice(from, from + batch);
      const indices = Tensor.from(device, chosen, [chosen.length]);
      const tape = new Tape();
      const logits = linear(
        tape,
        gatherRows(null, inputs.train, indices),
        layer.weight.value,
        layer.bias?.value ?? null,
      );
      tape.backward(mean(tape, crossEntropy(tape, logits, gatherRows(null, labels, indices))));
      optimizer.step(tape, epochRate);
    }
  }
  return accuracyOf(layer, inputs.test, test.labels, classes);
}
