/**
 * Softmax regression, the classifier of every probe.
 *
 * @module
 */
import { Tape } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { Linear, Module } from "../nn/mod.ts";
import { Sgd } from "../optim/mod.ts";
import { crossEntropy, gatherRows, linear, mean, topK } from "../ops/mod.ts";
import { Scope, Tensor, unscoped } from "../tensor/mod.ts";
import type { LabelledFeatures } from "./neighbours.ts";

/** Accuracies in percent. top5 is 100 if there are at most five classes. */
export interface ProbeAccuracy {
  /** Percent of images whose class is the first guess. */
  readonly top1: number;
  /** Percent of images whose class is among the first five guesses. */
  readonly top5: number;
}

/** Settings of one epoch. */
export interface ProbeEpoch {
  /** The order of the rows, int32 [N]. */
  readonly order: Int32Array<ArrayBuffer>;
  /** Rows of a step. The last step takes the remainder. */
  readonly batch: number;
  /** Learning rate. */
  readonly rate: number;
}

/** A linear layer that starts at 0 and is trained on the cross-entropy by SGD with momentum 0.9 and no weight decay. */
export class SoftmaxClassifier extends Module {
  readonly #layer: Linear;
  readonly #optimizer: Sgd;
  readonly #classes: number;

  /** A classifier for features of `size` values. It outlives the open scope. */
  constructor(device: Device, size: number, classes: number) {
    super();
    const zeros = new Float32Array(classes * size);
    this.#classes = classes;
    const shape = { inFeatures: size, outFeatures: classes };
    this.#layer = this.child("linear", new Linear(device, shape, zeros, new Float32Array(classes)));
    this.#optimizer = unscoped(() => new Sgd(device, new Map(this.#layer.parameters())));
  }

  /**
   * Trains for one epoch.
   *
   * @param features [N, F] f32.
   * @param labels [N] i32.
   */
  learn(features: Tensor, labels: Tensor, { order, batch, rate }: ProbeEpoch): void {
    for (let from = 0; from < order.length; from += batch) {
      using _step = new Scope();
      const chosen = order.slice(from, from + batch);
      const indices = Tensor.from(features.device, chosen, [chosen.length]);
      this.step(gatherRows(null, features, indices), gatherRows(null, labels, indices), rate);
    }
  }

  /**
   * Trains on one batch.
   *
   * @param features [N, F] f32. They get no gradient.
   * @param labels [N] i32.
   * @param rate learning rate.
   */
  step(features: Tensor, labels: Tensor, rate: number): void {
    using _step = new Scope();
    const tape = new Tape();
    const { weight, bias } = this.#layer;
    const logits = linear(tape, features, weight.value, bias?.value ?? null);
    tape.backward(mean(tape, crossEntropy(tape, logits, labels)));
    this.#optimizer.step(tape, rate);
  }

  /** Accuracy on labelled features. */
  accuracy({ features, labels }: LabelledFeatures): ProbeAccuracy {
    using _scope = new Scope();
    const k = Math.min(5, this.#classes);
    const best = topK(this.#layer.forward(null, features), k).indices.toHost();
    let [first, among] = [0, 0];
    labels.forEach((label, row) => {
      const guesses = best.subarray(row * k, row * k + k);
      if (guesses[0] === label) first++;
      if (guesses.includes(label)) among++;
    });
    return { top1: 100 * first / labels.length, top5: 100 * among / labels.length };
  }

  /** Includes the optimiser's momentum, which a resumed run needs. */
  override *buffers(prefix = ""): ReturnType<Module["buffers"]> {
    yield* super.buffers(prefix);
    yield* this.#optimizer.buffers(`${prefix}momentum.`);
  }

  /** Frees weights and momentum. */
  override [Symbol.dispose](): void {
    this.#optimizer[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}
