/**
 * The linear probe with augmentation, which encodes new crops of the training images in every epoch.
 *
 * @module
 */
import type { ViewRecipe } from "../data/mod.ts";
import { featureSize, type GatedResNet, type Pass } from "../models/mod.ts";
import { writeRows } from "../ops/mod.ts";
import { type Precision, Scope, Tensor } from "../tensor/mod.ts";
import { ENCODED_BATCH } from "./features.ts";
import { type ProbeOptions, probeOrder, type ProbeSummary, summariseProbes } from "./linear_probe.ts";
import type { LabelledFeatures } from "./neighbours.ts";
import { SoftmaxClassifier } from "./softmax_classifier.ts";
import type { TrainingViews } from "./training_views.ts";

/** Random resized crop and flip, as usual for linear probes. The paper does not give its own. */
const probeView: ViewRecipe = {
  scale: [0.08, 1],
  ratio: [3 / 4, 4 / 3],
  jitterProbability: 0,
  brightness: 0,
  contrast: 0,
  saturation: 0,
  hue: 0,
  grayscaleProbability: 0,
  blurProbability: 0,
  blurSigma: [0.1, 2],
  solarizeProbability: 0,
  flipProbability: 0.5,
};
/** Index of the probe's view of an image. Training draws 0 and 1, and recalibration others. */
const PROBE_VIEW = 2;
/** Shares of the epochs after which the learning rate falls to a tenth. */
const STEPS = [0.6, 0.8] as const;

/** The learning rate of an epoch, divided by 10 from 60 % of the epochs on, and again from 80 % on. */
export function steppedRate(rate: number, epoch: number, epochs: number): number {
  return rate / 10 ** STEPS.filter((step) => epoch >= Math.round(step * epochs)).length;
}

/** Augmented features of a data set's labelled training images. */
export class AugmentedFeatures {
  readonly #views: TrainingViews;
  readonly #seed: number;
  readonly #precision: Precision;

  /** Takes the images' source. @param seed of the views. @param precision of passes. */
  constructor(views: TrainingViews, seed: number, precision: Precision = "f32") {
    this.#views = views;
    this.#seed = seed;
    this.#precision = precision;
  }

  /** The class of each image. */
  get labels(): Int32Array<ArrayBuffer> {
    return this.#views.set.labels;
  }

  /**
   * Encodes one view of every image for each of two epochs, `epoch` and the next.
   *
   * @returns the features of both epochs, [N, F] f32 each, owned by the open scope.
   */
  encode(encoder: GatedResNet, pass: Pass, epoch: number): readonly [Tensor, Tensor] {
    const { device, set: { count } } = this.#views;
    const columns = featureSize(encoder.spec);
    const features = [new Tensor(device, [count, columns]), new Tensor(device, [count, columns])] as const;
    const batches = Array.from({ length: Math.ceil(count / ENCODED_BATCH) }, (_, batch) => {
      const first = batch * ENCODED_BATCH;
      return Int32Array.from({ length: Math.min(ENCODED_BATCH, count - first) }, (_, row) => first + row);
    });
    const common = { recipe: probeView, seed: this.#seed, view: PROBE_VIEW };
    this.#views.visit(batches, [{ ...common, epoch }, { ...common, epoch: epoch + 1 }], (views, batch) => {
      views.forEach((pixels, view) => {
        const { features: encoded } = encoder.evaluate(pass, pixels, { precision: this.#precision });
        writeRows(view === 0 ? features[0] : features[1], batch * ENCODED_BATCH, encoded);
      });
    });
    return features;
  }
}

/**
 * Trains linear classifiers on augmented features and tests them on plain ones, as Krishna et al. (2023) do: random
 * resized crops of 0.08 to 1 of the area, flips, SGD with momentum 0.9, learning rate 0.3 divided by 10 after 60 and
 * after 80 of 100 epochs, batch 256, no weight decay, weights starting at 0. Features are not standardised.
 *
 * In every epoch the encoder computes one view of each image, in evaluation mode. All classifiers learn from these
 * features, each in its own order, so that further probes cost little.
 *
 * @param train images to fit.
 * @param test plain features, and classes to predict.
 * @param seeds number of probes.
 */
export function augmentedProbes(
  encoder: GatedResNet,
  pass: Pass,
  train: AugmentedFeatures,
  test: LabelledFeatures,
  options: Omit<ProbeOptions, "replicate">,
  seeds: number,
): ProbeSummary {
  const { classes, seed, epochs = 100, batch = 256, rate = 0.3 } = options;
  using owned = new DisposableStack();
  const { device } = test.features;
  const classifiers = Array.from({ length: seeds }, () => {
    return owned.use(new SoftmaxClassifier(device, featureSize(encoder.spec), classes));
  });
  for (let pair = 0; pair < epochs; pair += 2) {
    using _scope = new Scope();
    const labels = Tensor.from(device, train.labels, [train.labels.length]);
    const features = train.encode(encoder, pass, pair);
    for (let epoch = pair; epoch < Math.min(epochs, pair + 2); epoch++) {
      classifiers.forEach((classifier, replicate) => {
        const order = probeOrder(train.labels.length, { seed, replicate, epoch });
        const epochRate = steppedRate(rate, epoch, epochs);
        classifier.learn(epoch === pair ? features[0] : features[1], labels, { order, batch, rate: epochRate });
      });
    }
  }
  return summariseProbes(classifiers.map((classifier) => classifier.accuracy(test)));
}
