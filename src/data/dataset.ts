/**
 * What a data set is to the rest of sluice: sets of images, their labels and their constants.
 *
 * @module
 */

import type { Archive } from "./archive.ts";
import type { Selection } from "./selection.ts";
import type { ViewRecipe } from "./view_recipe.ts";

/** What all sets of images have. */
export interface ImageCollection {
  /** Number of images. */
  readonly count: number;
  /** Height in pixels of what networks see: of the images themselves, or of what is cut from files of any size. */
  readonly height: number;
  /** Width, likewise. */
  readonly width: number;
  /**
   * int32 [count], each an index into the data set's classes; null if the images have none. A damaged image in whose place one of
   * another class is shown gets that one's label.
   */
  readonly labels: Int32Array<ArrayBuffer> | null;
}

/** Images of one size in host memory. */
export interface MemoryImages extends ImageCollection {
  /** Where the pixels are. */
  readonly kind: "memory";
  /** uint8 [count, height, width, 3], NHWC, red first. */
  readonly images: Uint8Array<ArrayBuffer>;
}

/** Images of one size as records of a file that is read when they are needed: planes of red, green, blue, each column by column. */
export interface RecordImages extends ImageCollection {
  /** Where the pixels are. */
  readonly kind: "records";
  /** The file. */
  readonly path: string;
}

/** Images of any size in files, JPEG or PNG, that are decoded when they are needed. */
export interface FileImages extends ImageCollection {
  /** Where the pixels are. */
  readonly kind: "files";
  /** Paths [count]. */
  readonly paths: readonly string[];
  /** int32 [count, 2]: upright height and width of each, in pixels. */
  readonly sizes: Int32Array<ArrayBuffer>;
}

/** A set of images, wherever its pixels are. */
export type ImageSet = MemoryImages | RecordImages | FileImages;

/** A set of images with their labels. */
export type Labelled<Set extends ImageSet = ImageSet> = Set & { readonly labels: Int32Array<ArrayBuffer> };

/** An image that could not be read, and why. */
export interface SkippedImage {
  /** Its file. */
  readonly path: string;
  /** One sentence without the path. */
  readonly reason: string;
}

/** Where a data set's images were read from. */
export interface DatasetOrigin {
  /** The folder that holds all of its files. */
  readonly folder: string;
  /** Files in that folder that hold many images each, in the order in which they are read; none if each image is a file. */
  readonly files: readonly string[];
  /** What was taken of the folder and what was not; null if its files are fixed. */
  readonly selection: Selection | null;
}

/** A data set: its images, normalisation constants and the distribution of its two training views. */
export interface Dataset<Set extends ImageSet = ImageSet> {
  /** Its name on the command line. */
  readonly name: string;
  /** Class names by label; none where there are no labels. */
  readonly classes: readonly string[];
  /** Mean of each channel over the training images, values in 0..1. */
  readonly mean: readonly [number, number, number];
  /** Standard deviation of each channel, values in 0..1. */
  readonly std: readonly [number, number, number];
  /** Images to train on, whose labels are not looked at. */
  readonly pretraining: Set;
  /** Images to evaluate with, null where there are none with labels. */
  readonly labelled: { readonly train: Labelled<Set>; readonly test: Labelled<Set> } | null;
  /** Recipes of view 1 (the gated pass) and view 2 (the dense pass). */
  readonly views: readonly [ViewRecipe, ViewRecipe];
  /** Images that were left out because their files are damaged. */
  readonly skipped: readonly SkippedImage[];
  /** Where its images were read from; absent if they are drawn. */
  readonly origin?: DatasetOrigin;
}

/** A data set whose images all have labels and lie in host memory. */
export interface MemoryDataset extends Dataset<MemoryImages> {
  /** The same images as to train on, and those to test with. */
  readonly labelled: { readonly train: Labelled<MemoryImages>; readonly test: Labelled<MemoryImages> };
}

/** What {@linkcode DatasetSource.open} is told. */
export interface DatasetOptions {
  /** Folder of the data, for sources that read files; {@linkcode defaultDataFolder} by default. */
  readonly data?: string;
  /** Seed of data sets that are drawn; ignored by those that are read. */
  readonly seed: number;
  /** Number of images of each training set, the first so many (of class folders: spread evenly); all by default. */
  readonly trainImages?: number;
  /** Number of test images, likewise. */
  readonly testImages?: number;
  /** Height and width that image files are brought to, in pixels; 224 by default. */
  readonly imageSize?: number;
  /** File with the names of the class folders to use, one a line; all folders by default. */
  readonly classList?: string;
  /** Whether one damaged image file is an error, instead of being left out. */
  readonly strict?: boolean;
  /** Whether the files are opened to be examined: it is no error then if all of them are damaged. */
  readonly examined?: boolean;
  /** Threads that read image files; 0 or left out: one for each processor that this process may use. */
  readonly workers?: number;
}

/** A kind of data set that can be opened by name. Opening needs no device but the CPU, for headers of image files. */
export interface DatasetSource<Opened extends Dataset = Dataset> {
  /** Its name on the command line. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /** The official archive of its files; null of a data set that has none. */
  readonly archive: Archive | null;
  /** The folder of its files inside that for data sets; null of one that needs none, or has to be told. */
  readonly folder: string | null;
  /** What has to be done to have its files, where there is no archive to fetch; null where nothing has to. */
  readonly remedy: string | null;
  /** The constants that its images are normalised by. */
  readonly constants: Pick<Dataset, "mean" | "std">;
  /** Height and width of its images in pixels; null of files, which are brought to a size that is chosen. */
  readonly side: number | null;
  /** How many images the official data set has, by split, null where there is no such number. */
  readonly officialCounts: Readonly<Record<string, number>> | null;
  /**
   * Opens, reads or draws the images.
   *
   * @throws {InvalidInputError} if files are missing or damaged, or an option is out of range.
   */
  open(options: DatasetOptions): Opened;
}
