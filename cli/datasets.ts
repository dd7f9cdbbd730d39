/**
 * Opens the data set that a configuration names.
 *
 * @module
 */

import type { Dataset } from "../src/data/mod.ts";
import { datasetSource } from "../src/data/datasets/mod.ts";
import type { RunConfig } from "../src/training/config.ts";

/**
 * Opens a run's data set.
 *
 * @param data Folder of its files, where it is not the configuration's.
 * @throws {InvalidInputError} where files are missing or damaged.
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
