/**
 * Refuses options that only data sets of image files have.
 *
 * @module
 */
import { InvalidInputError } from "../errors.ts";
import type { DatasetOptions } from "./dataset.ts";

/**
 * Refuses `imageSize` and `classList` for a data set with images of one size.
 *
 * @throws {InvalidInputError} naming the option.
 */
export function refuseFileOptions(name: string, { imageSize, classList }: DatasetOptions): void {
  if (imageSize !== undefined) {
    throw new InvalidInputError(
      `--image-size ${imageSize}: the images of ${name} have a fixed size; remove the option`,
    );
  }
  if (classList !== undefined) {
    throw new InvalidInputError(`--class-list ${classList}: ${name} has no class folders; remove the option`);
  }
}
