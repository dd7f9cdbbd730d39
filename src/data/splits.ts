/**
 * Lists the sets of images of a data set.
 *
 * @module
 */
import type { Dataset, ImageSet } from "./dataset.ts";

/** The sets of a data set by split, each once: `pretraining` is left out if it is the labelled training set itself. */
export function splitsOf({ pretraining, labelled }: Dataset): ReadonlyMap<string, ImageSet> {
  const splits = new Map<string, ImageSet>();
  if (pretraining !== labelled?.train) splits.set("pretraining", pretraining);
  if (labelled !== null) splits.set("train", labelled.train).set("test", labelled.test);
  return splits;
}
