/**
 * The size of the images that a run's networks see.
 *
 * @module
 */
import { USUAL_SIZE } from "../data/images/frames.ts";
import { datasetSource } from "../data/datasets/registry.ts";
import type { RunConfig } from "./run_config.ts";

/**
 * Height and width of the images that a run's networks see, in pixels.
 *
 * @throws {InvalidOptionError} if there is no data set of that name.
 */
export function imageSide({ dataset, imageSize }: Pick<RunConfig, "dataset" | "imageSize">): number {
  return datasetSource(dataset).side ?? imageSize ?? USUAL_SIZE;
}
