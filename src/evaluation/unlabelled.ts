/**
 * Measures networks on images without labels: what they cost, how their gates open, and in how many directions features
 * vary.
 *
 * @module
 */
import type { EvaluationImages, ImageStores } from "../data/mod.ts";
import { type GatedResNet, type NetworkName, passOf } from "../models/mod.ts";
import { gatherRows } from "../ops/mod.ts";
import { type Precision, Tensor } from "../tensor/mod.ts";
import type { FeatureAccuracy } from "./accuracy.ts";
import type { JudgingOptions, NetworkEvaluation } from "./evaluation.ts";
import { encodeSplit } from "./features.ts";
import { networkHealth } from "./health.ts";
import { gateNames, measuredNetwork } from "./measured_network.ts";
import { nearestImages } from "./nearest_images.ts";
import { type NetworkSpeed, timeBriefly, type TimedNetwork } from "./speed.ts";

/** A data set's training images, ready for evaluation without labels. */
export class UnlabelledEvaluator {
  readonly #stores: ImageStores;
  readonly #images: EvaluationImages;

  /**
   * Opens the images, which the stores own.
   *
   * @param precision of the networks' passes.
   * @param damaged paths of damaged images, which may grow while images are read. Another image takes the place of
   * each, so that they count for nothing here.
   */
  constructor(stores: ImageStores, readonly precision: Precision, readonly damaged: ReadonlySet<string> = new Set()) {
    this.#stores = stores;
    this.#images = stores.evaluation(stores.dataset.pretraining);
  }

  /** Measures a network. The protocols must be empty: each needs labels. */
  network(encoder: GatedResNet, name: NetworkName, { nearest }: JudgingOptions): NetworkEvaluation {
    using encoded = encodeSplit(encoder, passOf(name), this.#images, { precision: this.precision });
    const rows = this.#sound();
    using features = gatherRows(null, encoded.features, Tensor.from(this.#stores.device, rows, [rows.length]));
    const { effectiveRank } = networkHealth({ ...encoded, features }, gateNames(encoder));
    const own = { split: "train", images: this.#images, features, rows };
    if (nearest !== undefined) nearest(nearestImages(this.#stores.dataset, own));
    // Features that are not finite have no rank.
    const rank = Number.isFinite(effectiveRank) ? { effectiveRank } : {};
    return { ...measuredNetwork(encoder, name, encoded), ...rank };
  }

  /** The places of images that are not damaged. */
  #sound(): Int32Array<ArrayBuffer> {
    const { set } = this.#images;
    const all = Int32Array.from({ length: set.count }, (_, image) => image);
    return set.kind === "files" ? all.filter((image) => !this.damaged.has(set.paths[image] ?? "")) : all;
  }

  /** Times networks on the images. */
  speeds(networks: readonly TimedNetwork[]): NetworkSpeed[] {
    return timeBriefly(networks, this.#images, this.precision);
  }

  /** Pixels without labels have no accuracy. */
  rawPixels(): FeatureAccuracy {
    return {};
  }
}
