/**
 * What frozen features are worth: k-NN, linear probe and measured cost, for networks and for references.
 *
 * @module
 */
import type { Dataset, ImageSet, ImageStore } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { gatedMacs, type GatedResNet, networkCost, type NetworkSpec, type Pass } from "../models/mod.ts";
import { encodeSplit, rawPixels, type SplitFeatures } from "./features.ts";
import { DeviceImages } from "./images.ts";
import { linearProbe, type ProbeAccuracy } from "./linear_probe.ts";
import { StreamedImages } from "./streamed_images.ts";
import { cosineNeighbours, type LabelledFeatures, nearestNeighbour } from "./neighbours.ts";

/** Ways to judge features. */
export const protocols = ["knn", "linear"] as const;
/** A protocol's name. */
export type Protocol = typeof protocols[number];

/** MACs for one image, mean over the evaluation images, and their share of the dense network's. */
export interface MeasuredCost {
  /** MACs for one image. */
  readonly macs: number;
  /** In 0..1 (a gated network whose gates are all open costs a little over 1). */
  readonly share: number;
}

/** Accuracies in percent of one kind of features. */
export interface FeatureAccuracy {
  /** Nearest neighbour, euclidean. */
  readonly knn1?: number;
  /** 20 neighbours, cosine, weighted votes. */
  readonly knn20?: number;
  /** Linear probe. */
  readonly linear?: ProbeAccuracy;
}

/** What one network is worth and costs. */
export interface NetworkEvaluation extends FeatureAccuracy {
  /** What the network costs. */
  readonly cost: MeasuredCost;
}

/** Neighbours of the weighted vote. */
const NEIGHBOURS = 20;

/** What an evaluation needs to know besides the images. */
export interface EvaluatorOptions {
  /** Seed of the linear probe. */
  readonly seed: number;
  /** Images of the batches that are trained on, where the images stay with the host; left out, all of them lie on the device. */
  readonly streamedBatch?: number | undefined;
}

/** A data set's two splits, ready for evaluation on a device. */
export class Evaluator implements Disposable {
  readonly #train: ImageStore;
  readonly #test: ImageStore;
  /** Seed of the linear probe. */
  readonly seed: number;

  /** Uploads the images, unless they stay with the host. */
  constructor(device: Device, readonly dataset: Dataset, { seed, streamedBatch }: EvaluatorOptions) {
    const store = (set: ImageSet) =>
      streamedBatch === undefined
        ? new DeviceImages(device, set, dataset)
        : new StreamedImages(device, set, dataset, streamedBatch);
    this.seed = seed;
    this.#train = store(dataset.train);
    this.#test = store(dataset.test);
  }

  /** The training images. */
  get trainImages(): ImageStore {
    return this.#train;
  }

  /** Judges one encoder of a network. */
  network(encoder: GatedResNet, pass: Pass, chosen: readonly Protocol[]): NetworkEvaluation {
    using test = encodeSplit(encoder, pass, this.#test);
    const cost = measuredCost(encoder.spec, pass, test);
    if (chosen.length === 0) return { cost };
    using train = encodeSplit(encoder, pass, this.#train);
    return { ...this.#judge(train, test, chosen), cost };
  }

  /** 20-NN accuracy in percent and cost of one encoder: what is watched during training. */
  watch(encoder: GatedResNet, pass: Pass): { knn20: number; cost: MeasuredCost } {
    using test = encodeSplit(encoder, pass, this.#test);
    using train = encodeSplit(encoder, pass, this.#train);
    return { knn20: this.#knn20(train, test), cost: measuredCost(encoder.spec, pass, test) };
  }

  /** Judges the pixels themselves. */
  rawPixels(chosen: readonly Protocol[]): FeatureAccuracy {
    using train = rawPixels(this.#train);
    using test = rawPixels(this.#test);
    return this.#judge(train, test, chosen);
  }

  #knn20(train: SplitFeatures, test: SplitFeatures): number {
    const [bank, queries] = this.#labelled(train, test);
    return cosineNeighbours(bank, queries, Math.min(NEIGHBOURS, this.#train.count), this.dataset.classes.length);
  }

  #labelled(train: SplitFeatures, test: SplitFeatures): [LabelledFeatures, LabelledFeatures] {
    return [
      { features: train.features, labels: this.dataset.train.labels },
      { features: test.features, labels: this.dataset.test.labels },
    ];
  }

  #judge(train: SplitFeatures, test: SplitFeatures, chosen: readonly Protocol[]): FeatureAccuracy {
    const [bank, queries] = this.#labelled(train, test);
    const { seed } = this;
    return {
      ...(chosen.includes("knn") ? { knn1: nearestNeighbour(bank, queries), knn20: this.#knn20(train, test) } : {}),
      ...(chosen.includes("linear")
        ? { linear: linearProbe(bank, queries, { seed, classes: this.dataset.classes.length }) }
        : {}),
    };
  }

  /** Frees the images. */
  [Symbol.dispose](): void {
    this.#train[Symbol.dispose]();
    this.#test[Symbol.dispose]();
  }
}

function measuredCost(spec: NetworkSpec, pass: Pass, split: SplitFeatures): MeasuredCost {
  const cost = networkCost(spec);
  const macs = pass === "dense" ? cost.macs : gatedMacs(cost, split.openShares);
  return { macs, share: macs / cost.macs };
}
