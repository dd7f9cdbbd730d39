/**
 * What frozen features are worth: k-NN, linear probe and measured cost, for networks and for references.
 *
 * @module
 */
import type { Dataset, EvaluationImages, ImageStores } from "../data/mod.ts";
import { InvalidInputError } from "../errors.ts";
import { gatedMacs, type GatedResNet, networkCost, type NetworkSpec, type Pass } from "../models/mod.ts";
import { encodeSplit, rawPixels, type SplitFeatures } from "./features.ts";
import { linearProbe, type ProbeAccuracy } from "./linear_probe.ts";
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

/** A data set's labelled images, ready for evaluation. */
export class Evaluator {
  readonly #train: EvaluationImages;
  readonly #test: EvaluationImages;
  readonly #labels: { readonly train: Int32Array<ArrayBuffer>; readonly test: Int32Array<ArrayBuffer> };
  readonly #classes: number;

  /**
   * Opens the images, which are the stores' to free.
   *
   * @param seed of the linear probe.
   * @throws {InvalidInputError} where the data set has no labelled images to train and to test with.
   */
  constructor(stores: ImageStores, readonly seed: number) {
    const { train, test } = labelledSets(stores.dataset);
    this.#train = stores.evaluation(train);
    this.#test = stores.evaluation(test);
    this.#labels = { train: train.labels, test: test.labels };
    this.#classes = stores.dataset.classes.length;
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
    return cosineNeighbours(bank, queries, Math.min(NEIGHBOURS, this.#labels.train.length), this.#classes);
  }

  #labelled(train: SplitFeatures, test: SplitFeatures): [LabelledFeatures, LabelledFeatures] {
    return [
      { features: train.features, labels: this.#labels.train },
      { features: test.features, labels: this.#labels.test },
    ];
  }

  #judge(train: SplitFeatures, test: SplitFeatures, chosen: readonly Protocol[]): FeatureAccuracy {
    const [bank, queries] = this.#labelled(train, test);
    const { seed } = this;
    return {
      ...(chosen.includes("knn") ? { knn1: nearestNeighbour(bank, queries), knn20: this.#knn20(train, test) } : {}),
      ...(chosen.includes("linear") ? { linear: linearProbe(bank, queries, { seed, classes: this.#classes }) } : {}),
    };
  }
}

/**
 * The images that a data set is evaluated with.
 *
 * @throws {InvalidInputError} where it has none.
 */
export function labelledSets({ name, labelled }: Dataset): NonNullable<Dataset["labelled"]> {
  if (labelled !== null) return labelled;
  throw new InvalidInputError(
    `data set ${name} has no labelled images to test with: evaluate on one that has, class folders train and test or val for one`,
  );
}

function measuredCost(spec: NetworkSpec, pass: Pass, split: SplitFeatures): MeasuredCost {
  const cost = networkCost(spec);
  const macs = pass === "dense" ? cost.macs : gatedMacs(cost, split.openShares);
  return { macs, share: macs / cost.macs };
}
