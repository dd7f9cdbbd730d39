/**
 * The online probes of a run: one for each network that it trains.
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

/** Base learning rate, which falls as the run's does. */
const RATE = 0.1;

/** Learns from the features of a step's passes. */
export type FeatureListener = (pass: Pass, features: Tensor) => void;

/** Probes by network; they learn the classes of the images that are trained on, and the networks learn nothing of it. */
export class OnlineProbes extends Module {
  readonly #probes = new Map<Pass, OnlineProbe>();
  readonly #labels: Int32Array;

  /**
   * Probes that know nothing.
   *
   * @param labels the classes of all images to train on, [count].
   * @param classes how many there are.
   */
  constructor(readonly device: Device, readonly config: RunConfig, labels: Int32Array, classes: number) {
    super();
    this.#labels = labels;
    for (const pass of trainedNetworks(config.mode)) {
      this.#probes.set(pass, this.child(pass, new OnlineProbe(device, featureSize(config), classes)));
    }
  }

  /** The probes of a run on a data set; null where the images to train on have no labels, or none are there to test with. */
  static of(device: Device, config: RunConfig, { pretraining, labelled, classes }: Dataset): OnlineProbes | null {
    if (pretraining.labels === null || labelled === null) return null;
    return new OnlineProbes(device, config, pretraining.labels, classes.length);
  }

  /** The probe of a network. */
  get(pass: Pass): OnlineProbe | null {
    return this.#probes.get(pass) ?? null;
  }

  /**
   * What listens to a step.
   *
   * @param indices which of the images to train on the step's are, [N].
   */
  listener(indices: Int32Array, epoch: number): FeatureListener {
    const labels = Tensor.from(this.device, Int32Array.from(indices, (image) => this.#labels[image] ?? 0), [
      indices.length,
    ]);
    const rate = RATE * learningRate(this.config, epoch) / this.config.lr;
    return (pass, features) => this.#probes.get(pass)?.learn(features, labels, rate);
  }
}
