/**
 * Judges features of labelled images by neighbours and linear probes.
 *
 * @module
 */
import type { FeatureAccuracy } from "./accuracy.ts";
import { linearProbes } from "./linear_probe.ts";
import { cosineNeighbours, type LabelledFeatures, nearestNeighbour } from "./neighbours.ts";
import type { Protocol } from "./protocols.ts";

/** Neighbours that vote. */
const NEIGHBOURS = 20;

/** Accuracy of 20 nearest neighbours by cosine, or of as many as there are, in percent. */
export function knn20(bank: LabelledFeatures, queries: LabelledFeatures, classes: number): number {
  return cosineNeighbours(bank, queries, Math.min(NEIGHBOURS, bank.labels.length), classes);
}

/** How features are judged. */
export interface FeatureJudging {
  /** The protocols; those of masks do not count here. */
  readonly protocols: readonly Protocol[];
  /** Number of linear probes with different orders of images; 1 by default. */
  readonly probeSeeds?: number | undefined;
  /** Seed of the probes. */
  readonly seed: number;
  /** Number of classes. */
  readonly classes: number;
}

/** Judges features of test images by features of training images. Probes see each feature as it is. */
export function judgeFeatures(
  bank: LabelledFeatures,
  queries: LabelledFeatures,
  { protocols, probeSeeds = 1, seed, classes }: FeatureJudging,
): FeatureAccuracy {
  return {
    ...(protocols.includes("knn")
      ? { knn1: nearestNeighbour(bank, queries), knn20: knn20(bank, queries, classes) }
      : {}),
    ...(protocols.includes("linear") ? { linear: linearProbes(bank, queries, { seed, classes }, probeSeeds) } : {}),
  };
}
