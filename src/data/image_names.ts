/**
 * Names images for people.
 *
 * @module
 */
import { relative } from "@std/path";
import type { Dataset, ImageSet } from "./dataset.ts";

/**
 * The name of an image: its path below the data set's folder, or split and place if images have no files of their own.
 *
 * @param split name of the set.
 */
export function imageName({ origin }: Dataset, set: ImageSet, split: string, image: number): string {
  const path = set.kind === "files" ? set.paths[image] : undefined;
  return path === undefined ? `${split}/${image}` : relative(origin?.folder ?? "", path);
}
