/**
 * What an evaluation says of one kind of features: accuracies and cost.
 *
 * @module
 */
import type { ProbeSummary } from "./linear_probe.ts";

/** MACs of one image, averaged over the evaluation images, and their share of the dense network's. */
export interface MeasuredCost {
  /** Mean MACs of one image. */
  readonly macs: number;
  /** In 0..1, or a little over 1 for a gated network whose gates are all open. */
  readonly share: number;
}

/** Accuracies of one kind of features, in percent. */
export interface FeatureAccuracy {
  /** One nearest neighbour, by euclidean distance. */
  readonly knn1?: number;
  /** 20 nearest neighbours by cosine, with weighted votes. */
  readonly knn20?: number;
  /** Linear probes. */
  readonly linear?: ProbeSummary;
}

/** Accuracy and cost of the gated network under given masks. */
export interface JudgedMasks extends FeatureAccuracy {
  /** The cost of the test images. It counts the gates only if the masks are the gates' decisions. */
  readonly cost: MeasuredCost;
}
