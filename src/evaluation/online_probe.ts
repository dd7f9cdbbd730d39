/**
 * The online probe: a linear classifier that learns from a network's features during training without changing them.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { BatchNorm, Module } from "../nn/mod.ts";
import { Scope, type Tensor } from "../tensor/mod.ts";
import type { LabelledFeatures } from "./neighbours.ts";
import { type ProbeAccuracy, SoftmaxClassifier } from "./softmax_classifier.ts";

/**
 * Softmax regression on standardised features: by the batch's mean and deviation in training, by running ones in
 * evaluation. No gradient reaches the features. The probe learns from augmented views and, early on, from features that
 * are hardly trained. Its accuracy is therefore below the linear probe's, but costs no extra training.
 */
export class OnlineProbe extends Module {
  /** Scale and shift stay 1 and 0. */
  readonly #norm: BatchNorm;
  readonly #classifier: SoftmaxClassifier;

  /** A probe for features of `size` values. */
  constructor(device: Device, size: number, classes: number) {
    super();
    this.#norm = this.child("norm", new BatchNorm(device, size));
    this.#classifier = this.child("classifier", new SoftmaxClassifier(device, size, classes));
  }

  /**
   * One training step.
   *
   * @param features [N, F] f32, from a training pass.
   * @param labels [N] i32.
   * @param rate learning rate.
   */
  learn(features: Tensor, labels: Tensor, rate: number): void {
    using _scope = new Scope();
    this.#classifier.step(this.#norm.forward(null, features, { training: true }), labels, rate);
  }

  /** Accuracy on features [N, F] f32 of an evaluation pass. */
  accuracy({ features, labels }: LabelledFeatures): ProbeAccuracy {
    using _scope = new Scope();
    return this.#classifier.accuracy({ features: this.#norm.forward(null, features, { training: false }), labels });
  }
}
