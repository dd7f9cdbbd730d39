/**
 * Estimates the norms of a ladder at its knots, after the last step.
 *
 * @module
 */
import { normViews, recalibrateNorms, type SeenViews, type Steps, type TrainingViews } from "../evaluation/mod.ts";
import type { ImageSet } from "../data/mod.ts";
import type { GatedResNet } from "../models/mod.ts";
import type { Precision } from "../tensor/mod.ts";

/** What decides the statistics. */
export interface LadderImages {
  /** Views of training images. */
  readonly views: TrainingViews<ImageSet>;
  /** Seed of the views. */
  readonly seed: number;
  /** The views that gated passes have seen in training. */
  readonly seen: SeenViews;
  /** The precision of the passes. */
  readonly precision: Precision;
}

/**
 * Estimates the running statistics of the gated norms at every knot of a ladder, on a sample of training images, and
 * leaves the network at a cost.
 *
 * @param usual the cost.
 * @returns a step for each knot; if the caller stops in between, the norms and the channels of training are not kept.
 */
export function* estimateLadderNorms(
  encoder: GatedResNet,
  { views, seed, seen, precision }: LadderImages,
  usual: number,
): Steps<void> {
  const { ladder, spec: { ladder: knots = [] } } = encoder;
  const images = normViews(views, seed, seen);
  for (const [knot, cost] of knots.entries()) {
    encoder.setOpening(ladder?.openFor(cost) ?? 0);
    {
      using _trained = recalibrateNorms(encoder, images, () => [], precision);
      encoder.storeKnot(knot);
    }
    yield;
  }
  encoder.serveCost(usual);
  encoder.freeCopies();
}
