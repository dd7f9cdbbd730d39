/**
 * Chooses how the images of a data set judge networks: with labels or without.
 *
 * @module
 */
import type { Dataset, ImageStores } from "../data/mod.ts";
import type { NetworkName } from "../models/mod.ts";
import type { Precision } from "../tensor/mod.ts";
import { Evaluator, labelledSets } from "./evaluation.ts";
import type { Protocol } from "./protocols.ts";
import type { SeenViews } from "./recalibration.ts";
import { UnlabelledEvaluator } from "./unlabelled.ts";

/** Judges the networks of a run, and raw pixels for comparison. */
export type NetworkJudge = Pick<Evaluator, "network" | "speeds" | "rawPixels">;

/**
 * Checks that a data set has the labels that protocols need. Without protocols it needs none.
 *
 * @throws {InvalidInputError} if it has none, or too few images.
 */
export function checkLabels(
  dataset: Dataset,
  { protocols, networks }: { readonly protocols: readonly Protocol[]; readonly networks: readonly NetworkName[] },
): void {
  // Only a gated network has masks.
  const used = networks.includes("gated") ? protocols : protocols.filter((protocol) => protocol !== "masks");
  if (dataset.labelled !== null || used.length > 0) labelledSets(dataset, used);
}

/** Opens the images of a data set for evaluation, see {@linkcode Evaluator} and {@linkcode UnlabelledEvaluator}. */
export function judgeOf(
  stores: ImageStores,
  seed: number,
  precision: Precision,
  seen: SeenViews,
  damaged?: ReadonlySet<string>,
): NetworkJudge {
  const { labelled } = stores.dataset;
  if (labelled === null) return new UnlabelledEvaluator(stores, precision, damaged);
  return new Evaluator(stores, seed, precision, seen);
}
