/**
 * Opens the data set that a configuration names, or another one for the configuration's networks.
 *
 * @module
 */
import { datasetSource } from "../data/datasets/mod.ts";
import { type Dataset, resizedDataset } from "../data/mod.ts";
import { imageSide } from "./network.ts";
import type { RunConfig } from "./run_config.ts";

/**
 * Opens a run's data set.
 *
 * @param data folder of the data set's files; defaults to the configuration's.
 * @throws {InvalidInputError} if a file is missing or damaged.
 */
export function openDataset(config: RunConfig, data: string | null = config.data): Dataset {
  const { trainImages, testImages, imageSize, classList, strict, workers } = config;
  return datasetSource(config.dataset).open({
    seed: config.seed,
    ...(data === null ? {} : { data }),
    ...(trainImages === null ? {} : { trainImages }),
    ...(testImages === null ? {} : { testImages }),
    ...(imageSize === null ? {} : { imageSize }),
    ...(classList === null ? {} : { classList }),
    strict,
    workers,
  });
}

/** The seed of drawn images that are no run's own: runs of all seeds are judged by the same images. */
const OTHER_SEED = 0;

/**
 * Opens any data set for a run's networks: all of its images, in the size that the networks take, with the mean and the
 * standard deviation of the run's own data set, which the networks were trained with.
 *
 * @param name name of the data set.
 * @param data folder of its files; null for the default folder, or a data set without files.
 * @throws {InvalidInputError} if there is no such data set, or a file is missing or damaged.
 */
export function openOtherDataset(config: RunConfig, name: string, data: string | null): Dataset {
  const { strict, workers } = config;
  const side = imageSide(config);
  const source = datasetSource(name);
  const opened = source.open({
    seed: OTHER_SEED,
    strict,
    workers,
    ...(data === null ? {} : { data }),
    ...(source.side === null ? { imageSize: side } : {}),
  });
  const { mean, std } = datasetSource(config.dataset).constants;
  return { ...resizedDataset(opened, side), mean, std };
}
