/**
 * The online probe: a linear classifier that learns from a network's features while these are trained, without a say in them.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { BatchNorm, Module } from "../nn/mod.ts";
import { Scope, type Tensor } from "../tensor/mod.ts";
import type { LabelledFeatures } from "./neighbours.ts";
import { type ProbeAccuracy, SoftmaxClassifier } from "./softmax_classifier.ts";

/**
 * Softmax regression on features that are standardised: in training by the batch's mean and deviation, in evaluation by running ones.
 * No gradient reaches the features. It sees augmented views and, at first, features that have learned little: its accuracy is below
 * that of the linear probe, and comes without one.
 */
export class OnlineProbe extends Module {
  /** Its scale and shift stay 1 and 0. */
  readonly #norm: BatchNorm;
  readonly #classifier: SoftmaxClassifier;

  /** A probe of features of `size` values. */
  constructor(device: Device, size: number, classes: number) {
    super();
    this.#norm = this.child("norm", new BatchNorm(device, size));
    this.#classifier = this.child("classifier", new SoftmaxClassifier(device, size, classes));
  }

  /**
   * Learns from one batch.
   *
   * @param features [N, F] f32 of a training pass.
   * @param labels [N] i32.
   * @param rate learning rate.
   */
  learn(features: Tensor, labels: Tensor, rate: number): void {
    using _scope = new Scope();
    this.#classifier.step(this.#norm.forward(null, features, { training: true }), labels, rate);
  }

  /** How often the class is guessed, of features [N, F] f32 as they are evaluated. */
  accuracy({ features, labels }: LabelledFeatures): ProbeAccuracy {
    using _scope = new Scope();
    return this.#classifier.accuracy({ features: this.#norm.forward(null, features, { training: false }), labels });
  }
}
