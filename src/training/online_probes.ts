/**
 * Online probes of a run: a linear classifier for each network, trained beside it on its features.
 *
 * @module
 */
import type { Dataset } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { OnlineProbe } from "../evaluation/mod.ts";
import { featureSize, type Pass } from "../models/mod.ts";
import { Module } from "../nn/mod.ts";
import { Tensor } from "../tensor/mod.ts";
import { learningRate } from "./schedules.ts";
import type { RunConfig } from "../config/options.ts";
import { trainedNetworks } from "../config/network.ts";

/** Base learning rate; it follows the schedule of the run. */
const RATE = 0.1;

/** Gets the features of each pass of a step. */
export type FeatureListener = (pass: Pass, features: Tensor) => void;

/** The probes by network. No gradient flows from a probe into its network. */
export class OnlineProbes extends Module {
  readonly #probes = new Map<Pass, OnlineProbe>();
  readonly #labels: Int32Array;

  /**
   * Makes untrained probes.
   *
   * @param labels classes of all training images, [count].
   * @param classes number of classes.
   */
  constructor(readonly device: Device, readonly config: RunConfig, labels: Int32Array, classes: number) {
    super();
    this.#labels = labels;
    for (const pass of trainedNetworks(config.mode)) {
      this.#probes.set(pass, this.child(pass, new OnlineProbe(device, featureSize(config), classes)));
    }
  }

  /** The probes of a run; null if the training images have no labels, or there are no test images. */
  static of(device: Device, config: RunConfig, { pretraining, labelled, classes }: Dataset): OnlineProbes | null {
    if (pretraining.labels === null || labelled === null) return null;
    return new OnlineProbes(device, config, pretraining.labels, classes.length);
  }

  /** The probe of a network. */
  get(pass: Pass): OnlineProbe | null {
    return this.#probes.get(pass) ?? null;
  }

  /**
   * Makes the listener of one step.
   *
   * @param indices places of the batch's images among the training images, [N].
   */
  listener(indices: Int32Array, epoch: number): FeatureListener {
    const labels = Tensor.from(this.device, Int32Array.from(indices, (image) => this.#labels[image] ?? 0), [
      indices.length,
    ]);
    const rate = RATE * learningRate(this.config, epoch) / this.config.lr;
    // Both passes of a gated run have the same norms, and its steps without gates teach its probe as well.
    const only = this.config.mode === "gated" ? "gated" : null;
    return (pass, features) => this.#probes.get(only ?? pass)?.learn(features, labels, rate);
  }
}
