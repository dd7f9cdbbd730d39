/**
 * Opens the data set that a configuration names.
 *
 * @module
 */

import type { Dataset } from "../src/data/mod.ts";
import { datasetSource } from "../src/data/datasets/mod.ts";
import type { RunConfig } from "../src/config/config.ts";
import { type OutputOptions, remark } from "./ui/output.ts";

/**
 * Opens a run's data set.
 *
 * @param data Folder of its files if it is not the configuration's.
 * @throws {InvalidInputError} if files are missing or damaged.
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

/** Says which images were taken of a folder and what was left out there. */
export function remarkSelection({ origin }: Dataset, output: OutputOptions): void {
  const selection = origin?.selection ?? null;
  if (selection !== null) remark(output, selection.line);
}
