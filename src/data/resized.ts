/**
 * Brings the images of a data set to the size that a network takes.
 *
 * @module
 */
import type { Dataset, ImageSet, Labelled } from "./dataset.ts";

/** A set with images of `side` x `side` pixels. Image files are left as they are: their size is an option. */
function resizedSet(set: ImageSet, side: number): ImageSet {
  if (set.kind === "files" || (set.height === side && set.width === side)) return set;
  const source = set.kind === "resized" ? set.source : set;
  return { kind: "resized", source, count: set.count, height: side, width: side, labels: set.labels };
}

/**
 * A data set whose images are resized when they are read, as image files are: the shorter side to 256/224 of `side`,
 * of which the centre is kept. Images that have the size stay unchanged.
 *
 * @param side height and width in pixels. Image files must have been opened with it.
 */
export function resizedDataset(dataset: Dataset, side: number): Dataset {
  const { pretraining, labelled } = dataset;
  if (labelled === null) return { ...dataset, pretraining: resizedSet(pretraining, side) };
  const resized = (set: Labelled): Labelled => {
    const other = resizedSet(set, side);
    return other === set ? set : { ...other, labels: set.labels };
  };
  const train = resized(labelled.train);
  // Training on the labelled images themselves must stay visible: they are listed once.
  const isTrainedOn = pretraining === labelled.train;
  return {
    ...dataset,
    pretraining: isTrainedOn ? train : resizedSet(pretraining, side),
    labelled: { train, test: resized(labelled.test) },
  };
}
