/**
 * What a data set is to the rest of sluice: labelled images in host memory with their constants.
 *
 * @module
 */

import type { Archive } from "./archive.ts";
import type { ViewRecipe } from "./view_recipe.ts";

/** Labelled images of one size, in host memory. */
export interface ImageSet {
  /** Number of images. */
  readonly count: number;
  /** Pixels. */
  readonly height: number;
  /** Pixels. */
  readonly width: number;
  /** uint8 [count, height, width, 3], NHWC, red first. */
  readonly images: Uint8Array<ArrayBuffer>;
  /** int32 [count], each an index into the data set's classes. */
  readonly labels: Int32Array<ArrayBuffer>;
}

/** A data set in memory: two splits, normalisation constants and the distribution of its two training views. */
export interface Dataset {
  /** Its name on the command line. */
  readonly name: string;
  /** Class names by label. */
  readonly classes: readonly string[];
  /** Mean of each channel over the training images, values in 0..1. */
  readonly mean: readonly [number, number, number];
  /** Standard deviation of each channel, values in 0..1. */
  readonly std: readonly [number, number, number];
  /** Images to train on. */
  readonly train: ImageSet;
  /** Images to evaluate on. */
  readonly test: ImageSet;
  /** Recipes of view 1 (the gated pass) and view 2 (the dense pass). */
  readonly views: readonly [ViewRecipe, ViewRecipe];
}

/** What {@linkcode DatasetSource.open} is told. */
export interface DatasetOptions {
  /** Folder of the data, for sources that have an archive; {@linkcode defaultDataFolder} where left out. */
  readonly data?: string;
  /** Seed of data sets that are drawn; ignored by those that are read. */
  readonly seed: number;
  /** Number of training images, the first so many; all of them (or the source's default) where left out. */
  readonly trainImages?: number;
  /** Number of test images, likewise. */
  readonly testImages?: number;
}

/** A kind of data set that can be opened by name. Opening needs no device. */
export interface DatasetSource {
  /** Its name on the command line. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /** The official archive of its files; null of a data set that needs none. */
  readonly archive: Archive | null;
  /** How many images the official data set has, null of one that is drawn. */
  readonly officialCounts: { readonly train: number; readonly test: number } | null;
  /**
   * Loads or draws the images.
   *
   * @throws {InvalidInputError} Where the folder is missing or damaged, or an option is out of range.
   */
  open(options: DatasetOptions): Dataset;
}
