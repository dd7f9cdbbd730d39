/**
 * Finds a data set by its name.
 *
 * @module
 */

import { InvalidOptionError } from "../../errors.ts";
import type { DatasetSource } from "../dataset.ts";
import { cifar10 } from "./cifar10.ts";
import { cifar100 } from "./cifar100.ts";
import { folder } from "./folder.ts";
import { imagenet100 } from "./imagenet100.ts";
import { images } from "./images.ts";
import { shapes } from "./shapes.ts";
import { stl10 } from "./stl10.ts";

const sources: readonly DatasetSource[] = [shapes, cifar10, cifar100, stl10, imagenet100, folder, images];

/** Names of all data sets, the default first. */
export const datasetNames: readonly string[] = sources.map(({ name }) => name);

/**
 * Finds the source of a data set by name.
 *
 * @throws {InvalidOptionError} If there is no such data set. The message lists all names.
 */
export function datasetSource(name: string): DatasetSource {
  const source = sources.find((candidate) => candidate.name === name);
  if (source === undefined) {
    throw new InvalidOptionError("dataset", `there is no data set "${name}": choose one of ${datasetNames.join(", ")}`);
  }
  return source;
}

/** Whether a data set reads files, which the user has to get first, instead of being drawn by code. */
export function needsFiles({ archive, remedy }: DatasetSource): boolean {
  return archive !== null || remedy !== null;
}
