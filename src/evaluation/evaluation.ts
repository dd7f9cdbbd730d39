/**
 * Judges frozen features of networks and of references by k-NN, linear probe and measured cost.
 *
 * @module
 */
import type { Dataset, EvaluationImages, ImageStores, Labelled } from "../data/mod.ts";
import { InvalidInputError } from "../errors.ts";
import { type GatedResNet, type NetworkName, type Pass, passOf } from "../models/mod.ts";
import type { FeatureAccuracy, MeasuredCost } from "./accuracy.ts";
import { AugmentedFeatures, augmentedProbes } from "./augmented_probe.ts";
import { encodeInSteps, encodeSplit, rawPixels, type SplitFeatures, type Steps } from "./features.ts";
import { type NetworkHealth, networkHealth } from "./health.ts";
import { judgeFeatures, knn20 } from "./judge_features.ts";
import type { ProbeSummary } from "./linear_probe.ts";
import { type MaskWorth, maskWorth } from "./mask_worth.ts";
import { SplitMasks } from "./masks.ts";
import type { LabelledFeatures } from "./neighbours.ts";
import type { OnlineProbe } from "./online_probe.ts";
import type { Probe, Protocol } from "./protocols.ts";
import { measuredCost } from "./measured_cost.ts";
import { gateNames, type MeasuredNetwork, measuredNetwork, openingOf } from "./measured_network.ts";
import { type NearestImages, nearestImages } from "./nearest_images.ts";
import { normViews, type SeenViews } from "./recalibration.ts";
import type { Precision } from "../tensor/mod.ts";
import type { ProbeAccuracy } from "./softmax_classifier.ts";
import { type NetworkSpeed, timeBriefly, type TimedNetwork } from "./speed.ts";
import { TrainingViews } from "./training_views.ts";

/** How networks are judged. */
export interface JudgingOptions {
  /** The protocols. An empty list measures the cost alone. */
  readonly protocols: readonly Protocol[];
  /** The kind of linear probe; `cached` by default. Raw pixels and the rows of `masks` always use the cached probe. */
  readonly probe?: Probe;
  /** Number of linear probes with different orders of images, whose mean is reported; 1 by default. */
  readonly probeSeeds?: number;
  /** Called before each part of the evaluation with its name. */
  readonly progress?: (stage: string) => void;
  /** Called with images beside their nearest neighbours, or null if there are too few. Without it none are drawn. */
  readonly nearest?: (images: NearestImages | null) => void;
}

/** Accuracy and cost of one network. */
export interface NetworkEvaluation extends FeatureAccuracy, MeasuredNetwork {
  /** The effective rank of the features, {@linkcode NetworkHealth.effectiveRank}; only for images without labels. */
  readonly effectiveRank?: number;
  /** The worth of the masks; for a gated network, if the protocols include `masks`. */
  readonly masks?: MaskWorth;
}

/** What an evaluation during training measures. */
export interface NetworkWatch {
  /** Accuracy of 20 nearest neighbours by cosine, with weighted votes, in percent. */
  readonly knn20: number;
  /** Accuracy of the online probe, if there is one. */
  readonly onlineProbe?: ProbeAccuracy;
  /** The measured cost. */
  readonly cost: MeasuredCost;
  /** What is added to the logits of all gates; only for a gated network whose gates have an opening. */
  readonly opening?: number;
  /** Statistics of the features of the test images. */
  readonly health: NetworkHealth;
}

/** A data set's labelled images, ready for evaluation. */
export class Evaluator {
  readonly #stores: ImageStores;
  readonly #seen: SeenViews;
  readonly #sets: { readonly train: Labelled; readonly test: Labelled };
  readonly #images: { readonly train: EvaluationImages; readonly test: EvaluationImages };
  readonly #classes: number;
  #views: TrainingViews | null = null;

  /**
   * Opens the images, which the stores own.
   *
   * @param seed seed of linear probes, views and exchanged masks.
   * @param precision of the networks' passes; f32 by default.
   * @param seen the views that gated passes see in training; by default both.
   * @throws {InvalidInputError} if the data set has no labelled images.
   */
  constructor(
    stores: ImageStores,
    readonly seed: number,
    readonly precision: Precision = "f32",
    seen: SeenViews = [0, 1],
  ) {
    this.#stores = stores;
    this.#seen = seen;
    this.#sets = labelledSets(stores.dataset);
    const { train, test } = this.#sets;
    this.#images = { train: stores.evaluation(train), test: stores.evaluation(test) };
    this.#classes = stores.dataset.classes.length;
  }

  /** Judges a network. */
  network(encoder: GatedResNet, name: NetworkName, options: JudgingOptions): NetworkEvaluation {
    const { protocols } = options;
    const pass = passOf(name);
    const wantsMasks = pass === "gated" && protocols.includes("masks");
    const { train: trainSet, test: testSet } = this.#sets;
    const decisions = wantsMasks
      ? { train: new SplitMasks(trainSet.count), test: new SplitMasks(testSet.count) }
      : null;
    const encoded = (split: "train" | "test") => {
      const stored = decisions === null ? {} : { decisions: decisions[split] };
      return encodeSplit(encoder, pass, this.#images[split], { precision: this.precision, ...stored });
    };
    using test = encoded("test");
    const common = measuredNetwork(encoder, name, test);
    if (protocols.length === 0 && options.nearest === undefined) return common;
    using train = encoded("train");
    options.nearest?.(this.#nearest(train, test));
    const own = this.#judge(train, test, options);
    const { probe = "cached", probeSeeds = 1 } = options;
    const judged = probe === "cached" || !protocols.includes("linear")
      ? own
      : { ...own, linear: this.#augmentedProbes(encoder, pass, test, probeSeeds) };
    if (decisions === null) return { ...judged, ...common };
    const masks = maskWorth({
      encoder,
      images: this.#images,
      normImages: normViews(this.#trainingViews(), this.seed, this.#seen),
      seed: this.seed,
      own: { train, test, decisions, accuracy: own },
      precision: this.precision,
      judge: (trained, tested) => this.#judge(trained, tested, options),
      progress: (stage) => options.progress?.(stage),
    });
    return { ...judged, ...common, masks };
  }

  /** Times networks on test images. */
  speeds(networks: readonly TimedNetwork[]): NetworkSpeed[] {
    return timeBriefly(networks, this.#images.test, this.precision);
  }

  /** Evaluates one encoder during training, and the online probe if there is one; a step for each batch. */
  *watch(encoder: GatedResNet, pass: Pass, probe: OnlineProbe | null = null): Steps<NetworkWatch> {
    const { precision } = this;
    using test = yield* encodeInSteps(encoder, pass, this.#images.test, { precision });
    using train = yield* encodeInSteps(encoder, pass, this.#images.train, { precision });
    // Training needs the memory of the packed weights, which its next step makes stale.
    encoder.freeCopies();
    const [, queries] = this.#labelled(train, test);
    return {
      knn20: this.#knn20(train, test),
      ...(probe === null ? {} : { onlineProbe: probe.accuracy(queries) }),
      cost: measuredCost(encoder.spec, pass, test.termShares),
      ...openingOf(encoder, pass),
      health: this.#healthOf(encoder, test),
    };
  }

  /** Statistics of one encoder's features of the test images; a step for each batch. */
  *health(encoder: GatedResNet, pass: Pass): Steps<NetworkHealth> {
    using test = yield* encodeInSteps(encoder, pass, this.#images.test, { precision: this.precision });
    encoder.freeCopies();
    return this.#healthOf(encoder, test);
  }

  /** Judges the pixels, as a reference for features. */
  rawPixels(options: JudgingOptions): FeatureAccuracy {
    using train = rawPixels(this.#images.train);
    using test = rawPixels(this.#images.test);
    return this.#judge(train, test, options);
  }

  #healthOf(encoder: GatedResNet, test: SplitFeatures): NetworkHealth {
    return networkHealth(test, gateNames(encoder));
  }

  /** Test images beside their nearest training images. */
  #nearest(train: SplitFeatures, test: SplitFeatures): NearestImages | null {
    const of = (split: "train" | "test", { features }: SplitFeatures) => {
      return { split, images: this.#images[split], features };
    };
    return nearestImages(this.#stores.dataset, of("test", test), of("train", train));
  }

  #trainingViews(): TrainingViews {
    this.#views ??= new TrainingViews(this.#stores, this.#sets.train);
    return this.#views;
  }

  #augmentedProbes(encoder: GatedResNet, pass: Pass, test: SplitFeatures, seeds: number): ProbeSummary {
    const train = new AugmentedFeatures(this.#trainingViews(), this.seed, this.precision);
    const queries = { features: test.features, labels: this.#sets.test.labels };
    const options = { seed: this.seed, classes: this.#classes };
    return augmentedProbes(encoder, pass, train, queries, options, seeds);
  }

  #knn20(train: SplitFeatures, test: SplitFeatures): number {
    return knn20(...this.#labelled(train, test), this.#classes);
  }

  #labelled(train: SplitFeatures, test: SplitFeatures): [LabelledFeatures, LabelledFeatures] {
    return [
      { features: train.features, labels: this.#sets.train.labels },
      { features: test.features, labels: this.#sets.test.labels },
    ];
  }

  /** Judges features by neighbours and by cached probes. */
  #judge(train: SplitFeatures, test: SplitFeatures, { protocols, probeSeeds }: JudgingOptions): FeatureAccuracy {
    const options = { protocols, probeSeeds, seed: this.seed, classes: this.#classes };
    return judgeFeatures(...this.#labelled(train, test), options);
  }
}

/**
 * The labelled images that a data set is evaluated with.
 *
 * @param protocols what they are to be evaluated by.
 * @throws {InvalidInputError} if there are none, or too few for a protocol.
 */
export function labelledSets(
  { name, labelled }: Dataset,
  protocols: readonly Protocol[] = [],
): NonNullable<Dataset["labelled"]> {
  if (labelled === null) {
    throw new InvalidInputError(
      `data set ${name} has no labelled test images to judge accuracy by; give a data set that has them`,
    );
  }
  for (const [split, { count }] of Object.entries(labelled)) {
    if (count > 1 || !protocols.includes("masks")) continue;
    throw new InvalidInputError(
      `protocol masks: exchanges masks between images, and data set ${name} has a single ${split} image; ` +
        "leave masks out, or give more images",
    );
  }
  return labelled;
}
