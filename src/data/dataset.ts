/**
 * Defines a data set for the rest of sluice: sets of images, labels, constants and view recipes.
 *
 * @module
 */

import type { Archive } from "./archive.ts";
import type { Selection } from "./selection.ts";
import type { ViewRecipe } from "./view_recipe.ts";

/** The fields that all sets of images have. */
export interface ImageCollection {
  /** The number of images. */
  readonly count: number;
  /** Height in pixels of the network's input: of the images themselves, or of the crops from files of any size. */
  readonly height: number;
  /** Width in pixels of the network's input. */
  readonly width: number;
  /**
   * int32 [count], indices into the data set's classes; null if the images have no labels. If an image of another
   * class replaces a damaged image, its label changes to that image's.
   */
  readonly labels: Int32Array<ArrayBuffer> | null;
}

/** Images of one size in host memory. */
export interface MemoryImages extends ImageCollection {
  /** Images in host memory. */
  readonly kind: "memory";
  /** uint8 [count, height, width, 3], NHWC, red first. */
  readonly images: Uint8Array<ArrayBuffer>;
}

/**
 * Images of one size as records of a file, read when they are needed. A record holds planes of red, green and blue,
 * column by column.
 */
export interface RecordImages extends ImageCollection {
  /** Records of a file. */
  readonly kind: "records";
  /** The path of the file. */
  readonly path: string;
}

/** JPEG or PNG files of any size, decoded when they are needed. */
export interface FileImages extends ImageCollection {
  /** A file per image. */
  readonly kind: "files";
  /** The files' paths [count]. */
  readonly paths: readonly string[];
  /** int32 [count, 2]: height and width of each image in pixels, after EXIF orientation. */
  readonly sizes: Int32Array<ArrayBuffer>;
}

/** Images of one size that are resized when they are read, for a network that takes another size. */
export interface ResizedImages extends ImageCollection {
  /** A set with images of another size. */
  readonly kind: "resized";
  /** The images in their own size. */
  readonly source: MemoryImages | RecordImages;
}

/** A set of images of any kind. */
export type ImageSet = MemoryImages | RecordImages | FileImages | ResizedImages;

/** A set of images that all have labels. */
export type Labelled<Set extends ImageSet = ImageSet> = Set & { readonly labels: Int32Array<ArrayBuffer> };

/** A damaged image file that was skipped. */
export interface SkippedImage {
  /** The file's path. */
  readonly path: string;
  /** The reason in one sentence, without the path. */
  readonly reason: string;
}

/** The files from which a data set was read. */
export interface DatasetOrigin {
  /** The folder that contains all files. */
  readonly folder: string;
  /** Names of files that contain many images each, in reading order; empty if each image has its own file. */
  readonly files: readonly string[];
  /** Which files of the folder were used and which were ignored; null if the data set has a fixed list of files. */
  readonly selection: Selection | null;
}

/** A data set: images, normalisation constants and the recipes of the two training views. */
export interface Dataset<Set extends ImageSet = ImageSet> {
  /** The name on the command line. */
  readonly name: string;
  /** Class names by label; empty if there are no labels. */
  readonly classes: readonly string[];
  /** Mean of each channel over the training images, for values in 0..1. */
  readonly mean: readonly [number, number, number];
  /** Standard deviation of each channel, for values in 0..1. */
  readonly std: readonly [number, number, number];
  /** The training images. Training does not use their labels. */
  readonly pretraining: Set;
  /** The labelled images for evaluation; null if there are none. */
  readonly labelled: { readonly train: Labelled<Set>; readonly test: Labelled<Set> } | null;
  /** Recipes of view 1 (the gated pass) and view 2 (the dense pass). */
  readonly views: readonly [ViewRecipe, ViewRecipe];
  /** Damaged image files, which are not part of the sets. */
  readonly skipped: readonly SkippedImage[];
  /** The source files; absent if the images are drawn by code. */
  readonly origin?: DatasetOrigin;
}

/** A data set whose images all have labels and lie in host memory. */
export interface MemoryDataset extends Dataset<MemoryImages> {
  /** The training images themselves, and the test images. */
  readonly labelled: { readonly train: Labelled<MemoryImages>; readonly test: Labelled<MemoryImages> };
}

/** Options of {@linkcode DatasetSource.open}. */
export interface DatasetOptions {
  /** The folder of the data, for data sets that read files; {@linkcode defaultDataFolder} by default. */
  readonly data?: string;
  /** The seed of data sets drawn by code; ignored by data sets that read files. */
  readonly seed: number;
  /**
   * Number of images to take from each training set: the first ones, or, of image files, evenly spread ones. All by
   * default.
   */
  readonly trainImages?: number;
  /** Number of test images to take, chosen in the same way. */
  readonly testImages?: number;
  /** Height and width in pixels to which image files are cropped and resized; 224 by default. */
  readonly imageSize?: number;
  /** A file with the names of the class folders to use, one per line; all folders by default. */
  readonly classList?: string;
  /** Whether a damaged image file is an error; by default it is skipped. */
  readonly strict?: boolean;
  /** Whether the files are opened only to check them: then it is no error if all are damaged. */
  readonly examined?: boolean;
  /** Threads that read image files; by default, or if 0, one for each processor that this process may use. */
  readonly workers?: number;
}

/** A data set that can be opened by name. Opening only uses the CPU, to read the headers of image files. */
export interface DatasetSource<Opened extends Dataset = Dataset> {
  /** The name on the command line. */
  readonly name: string;
  /** A line for the list of data sets. */
  readonly description: string;
  /** The official archive; null if there is none. */
  readonly archive: Archive | null;
  /**
   * The name of the data set's folder inside the folder for data sets; null if it needs none or `--data` must name
   * it.
   */
  readonly folder: string | null;
  /** How the user gets the files if there is no archive to fetch; null if nothing needs to be done. */
  readonly remedy: string | null;
  /** The normalisation constants. */
  readonly constants: Pick<Dataset, "mean" | "std">;
  /** Height and width of the images in pixels; null for image files, whose size is an option. */
  readonly side: number | null;
  /** The official number of images by split; null if there is none. */
  readonly officialCounts: Readonly<Record<string, number>> | null;
  /**
   * Opens the data set: reads its files, or draws its images.
   *
   * @throws {InvalidInputError} if files are missing or damaged, or an option is out of range.
   */
  open(options: DatasetOptions): Opened;
}
