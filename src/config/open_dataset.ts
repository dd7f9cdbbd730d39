/**
 * Opens the data set that a configuration names.
 *
 * @module
 */
import { datasetSource } from "../data/datasets/mod.ts";
import type { Dataset } from "../data/mod.ts";
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
