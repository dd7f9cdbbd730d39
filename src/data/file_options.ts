/**
 * Options that only data sets of image files have.
 *
 * @module
 */
import { InvalidInputError } from "../errors.ts";
import type { DatasetOptions } from "./dataset.ts";

/** Refuses them for a data set whose images are of one size. @throws {InvalidInputError} naming the option. */
export function refuseFileOptions(name: string, { imageSize, classList }: DatasetOptions): void {
  if (imageSize !== undefined) {
    throw new InvalidInputError(`--image-size ${imageSize}: the images of ${name} have their own size; leave it out`);
  }
  if (classList !== undefined) {
    throw new InvalidInputError(`--class-list ${classList}: ${name} has no class folders; leave it out`);
  }
}
