/**
 * The linear probe with augmentation: every epoch sees other crops of the training images, encoded anew.
 *
 * @module
 */
import {
  drawPairs,
  type ImageStores,
  type Labelled,
  sourceSize,
  type TrainingImages,
  type ViewBatch,
  type ViewRecipe,
} from "../data/mod.ts";
import { featureSize, type GatedResNet, type Pass } from "../models/mod.ts";
import { augment, writeRows } from "../ops/mod.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import { type ProbeOptions, probeOrder, type ProbeSummary, summariseProbes } from "./linear_probe.ts";
import type { LabelledFeatures } from "./neighbours.ts";
import { SoftmaxClassifier } from "./softmax_classifier.ts";

/** Random resized crop and flip, as linear probes usually draw them; those of the paper's probe are not known. */
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
/** Which view of an image the probe draws: 0 and 1 are those of the training. */
const PROBE_VIEW = 2;
/** Images encoded at a time. */
const BATCH = 250;
/** Shares of the epochs at which the rate falls to a tenth: 60 and 80 of 100. */
const STEPS = [0.6, 0.8] as const;

/** The rate of an epoch: a tenth of that before from 60 % and from 80 % of the epochs on. */
export function steppedRate(rate: number, epoch: number, epochs: number): number {
  return rate / 10 ** STEPS.filter((step) => epoch >= Math.round(step * epochs)).length;
}

/** Augmented features of a data set's labelled training images. */
export class AugmentedFeatures {
  readonly #images: TrainingImages;
  readonly #set: Labelled;
  readonly #stores: ImageStores;
  readonly #seed: number;

  /**
   * Opens the images once more, to cut views from.
   *
   * @param seed of the views.
   * @throws {OutOfMemoryError} where the device has no room.
   */
  constructor(stores: ImageStores, set: Labelled, seed: number) {
    this.#stores = stores;
    this.#set = set;
    this.#seed = seed;
    this.#images = stores.training(set, BATCH);
  }

  /** The classes of the images. */
  get labels(): Int32Array<ArrayBuffer> {
    return this.#set.labels;
  }

  /**
   * One view of every image, of two epochs: `epoch` and the one after it. What reads images brings two views at a time, which so
   * reads every file once for two epochs.
   *
   * @returns two [N, F] f32, the scope's to free.
   */
  encode(encoder: GatedResNet, pass: Pass, epoch: number): readonly [Tensor, Tensor] {
    const { count, height, width } = this.#set;
    const { device, dataset: { mean, std } } = this.#stores;
    const columns = featureSize(encoder.spec);
    const features = [new Tensor(device, [count, columns]), new Tensor(device, [count, columns])] as const;
    const batches = Math.ceil(count / BATCH);
    for (let batch = 0, begun = 0; batch < batches; batch++) {
      using _scope = new Scope();
      for (; begun < Math.min(batches, batch + 1); begun++) this.#images.begin(this.#batch(begun, epoch));
      const { views } = this.#images.take();
      for (; begun < Math.min(batches, batch + 1 + this.#images.ahead); begun++) {
        this.#images.begin(this.#batch(begun, epoch));
      }
      views.forEach(({ images, rows, parameters }, view) => {
        const pixels = augment(images, rows, parameters, { mean, std, size: [height, width] });
        const { features: encoded } = encoder.evaluate(pass, pixels);
        writeRows(view === 0 ? features[0] : features[1], batch * BATCH, encoded);
      });
    }
    return features;
  }

  #batch(batch: number, epoch: number): ViewBatch {
    const first = batch * BATCH;
    const count = Math.min(BATCH, this.#set.count - first);
    const indices = Int32Array.from({ length: count }, (_, row) => first + row);
    const common = {
      recipe: probeView,
      seed: this.#seed,
      view: PROBE_VIEW,
      sizeOf: (image: number) => sourceSize(this.#set, image),
    };
    return drawPairs(indices, [{ ...common, epoch }, { ...common, epoch: epoch + 1 }]);
  }
}

/**
 * Trains linear classifiers on augmented features and tests them on plain ones: random resized crop of 0.08 to 1 of the area and
 * flip, SGD with momentum 0.9, rate 0.3 that falls to a tenth at 60 and at 80 of 100 epochs, batch 256, no weight decay, weights
 * starting at 0; features as they are, not standardised. (The probe of Krishna et al. 2023.)
 *
 * The encoder computes one view of each image an epoch, in evaluation mode and in batches; all the classifiers learn from these
 * features, each in an order of its own, so that further probes cost next to nothing.
 *
 * @param train the images to fit to.
 * @param test plain features and classes to predict.
 * @param seeds how many probes there are.
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
