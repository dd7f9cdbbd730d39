/**
 * Checks a whole sweep before anything is begun: every run's options, data and images, and where it is to go.
 *
 * @module
 */
import { InvalidInputError, InvalidOptionError } from "../src/errors.ts";
import type { Dataset } from "../src/data/mod.ts";
import { labelledSets } from "../src/evaluation/mod.ts";
import { type EstimatedRun, locate, type SweepSpec, type TracedRun } from "../src/sweep/mod.ts";
import { checkAgainstImages } from "../src/training/config.ts";
import { openDataset } from "./datasets.ts";

/** What decides which images a run has, but for the seed of those that are drawn. */
function imagesKey({ config }: TracedRun): string {
  const { dataset, data, trainImages, testImages, imageSize, classList } = config;
  return JSON.stringify([dataset, data, trainImages, testImages, imageSize, classList]);
}

/** Opens the data set of a run, and refuses one that no run can be evaluated with. */
function openImages(spec: SweepSpec, run: TracedRun): Dataset {
  const named = run.config.data === null ? "dataset" : "data";
  try {
    const dataset = openDataset(run.config);
    labelledSets(dataset);
    return dataset;
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw locate(spec, run.placeOf(error instanceof InvalidOptionError ? error.option : named), error);
  }
}

/**
 * Opens the images of all runs, each data set once, and compares runs with them.
 *
 * @throws {InvalidInputError} naming the line of what does not fit: a budget that cannot be reached, a batch that is too large,
 * files that are not there.
 */
export function checkImages(spec: SweepSpec, runs: readonly TracedRun[]): EstimatedRun[] {
  const opened = new Map<string, Omit<EstimatedRun, "config">>();
  return runs.map((run) => {
    const key = imagesKey(run);
    let images = opened.get(key);
    if (images === undefined) {
      const { pretraining, labelled } = openImages(spec, run);
      const evaluationImages = (labelled?.train.count ?? 0) + (labelled?.test.count ?? 0);
      images = { side: pretraining.height, trainingImages: pretraining.count, evaluationImages };
      opened.set(key, images);
    }
    try {
      checkAgainstImages(run.config, { count: images.trainingImages, height: images.side });
    } catch (error) {
      if (!(error instanceof InvalidOptionError)) throw error;
      throw locate(spec, run.placeOf(error.option), error);
    }
    return { config: run.config, ...images };
  });
}
