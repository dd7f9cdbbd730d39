/**
 * The sets of images of a data set, each once.
 *
 * @module
 */
import type { Dataset, ImageSet } from "./dataset.ts";

/** The sets of a data set by their splits; the images to train on only if they are not those with labels. */
export function splitsOf({ pretraining, labelled }: Dataset): ReadonlyMap<string, ImageSet> {
  const splits = new Map<string, ImageSet>();
  if (pretraining !== labelled?.train) splits.set("pretraining", pretraining);
  if (labelled !== null) splits.set("train", labelled.train).set("test", labelled.test);
  return splits;
}
