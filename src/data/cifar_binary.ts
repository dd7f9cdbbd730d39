/**
 * Reads the official binary files of the CIFAR data sets.
 *
 * Krizhevsky, "Learning multiple layers of features from tiny images" (2009). A file is a sequence of records: one or
 * two labels of a byte each, then a plane of 32x32 pixels for red, for green and for blue.
 *
 * @module
 */

import { join } from "@std/path";
import { existsSync, statSync } from "node:fs";
import { InvalidInputError } from "../errors.ts";
import type { Archive } from "./archive.ts";
import { readRecords } from "./data_file.ts";
import type { Dataset, DatasetOptions, DatasetSource, Labelled, MemoryDataset, MemoryImages } from "./dataset.ts";
import { refuseFileOptions } from "./file_options.ts";
import { imageCount } from "./image_count.ts";
import { findDataFolder } from "./places.ts";

const SIDE = 32;
const PIXELS = SIDE * SIDE;
const IMAGE_BYTES = 3 * PIXELS;
/** Most images of a split in memory: 3 GB, twenty times the official data sets. */
const MOST_IMAGES = 1_000_000;

/** The names, files and constants of a CIFAR data set. */
export interface CifarFormat extends Pick<Dataset, "name" | "classes" | "mean" | "std" | "views"> {
  /** A line for the list of data sets. */
  readonly description: string;
  /** The official archive. */
  readonly archive: Archive;
  /** Names of the training files, in order. */
  readonly trainFiles: readonly string[];
  /** Names of the test files, in order. */
  readonly testFiles: readonly string[];
  /** The number of labels in a record; the last label is the class. */
  readonly labelBytes: number;
}

interface BatchFile {
  readonly path: string;
  readonly records: number;
}

/** Makes the source of a CIFAR data set. It opens the folder with the files, or that folder's parent. */
export function cifarSource(format: CifarFormat): DatasetSource<MemoryDataset> {
  const { name, description, archive, classes, mean, std, views } = format;
  return {
    name,
    description,
    archive,
    folder: archive.folder,
    remedy: null,
    constants: { mean, std },
    side: SIDE,
    // Both data sets have the same number of images.
    officialCounts: { train: 50_000, test: 10_000 },
    open(options: DatasetOptions): MemoryDataset {
      refuseFileOptions(name, options);
      const folder = findDataFolder(format, options.data);
      // Check every file before reading any, so that a wrong folder is refused at once.
      const trainFiles = format.trainFiles.map((file) => inspect(format, folder, file));
      const testFiles = format.testFiles.map((file) => inspect(format, folder, file));
      const trainCount = countOf("train-images", options.trainImages, trainFiles);
      const testCount = countOf("test-images", options.testImages, testFiles);
      const train = readSplit(format, trainFiles, trainCount);
      const test = readSplit(format, testFiles, testCount);
      const origin = { folder, files: [...format.trainFiles, ...format.testFiles], selection: null };
      return { name, classes, mean, std, pretraining: train, labelled: { train, test }, views, skipped: [], origin };
    },
  };
}

function recordBytes({ labelBytes }: CifarFormat): number {
  return labelBytes + IMAGE_BYTES;
}

function remedy({ archive }: CifarFormat): string {
  return `unpack the official ${archive.file} again`;
}

function inspect(format: CifarFormat, folder: string, file: string): BatchFile {
  const path = join(folder, file);
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new InvalidInputError(
      `${path} is missing: give --data a complete folder ${format.archive.folder}, or ${remedy(format)}`,
    );
  }
  const { size } = statSync(path);
  const bytes = recordBytes(format);
  if (size === 0 || size % bytes !== 0) {
    throw new InvalidInputError(
      `${path} is damaged: ${size} bytes are not a whole number of ${bytes}-byte records; ${remedy(format)}`,
    );
  }
  return { path, records: size / bytes };
}

/**
 * The number of images to take from the files.
 *
 * @throws {InvalidInputError} if it is out of range, or too large for memory.
 */
function countOf(option: string, asked: number | undefined, files: readonly BatchFile[]): number {
  const count = imageCount(option, asked, files.reduce((total, { records }) => total + records, 0));
  if (count <= MOST_IMAGES) return count;
  const [first] = files;
  throw new InvalidInputError(
    `${first?.path}: ${count} images are more than the ${MOST_IMAGES} that fit in memory; give --${option} ${MOST_IMAGES} or fewer`,
  );
}

function readSplit(format: CifarFormat, files: readonly BatchFile[], count: number): Labelled<MemoryImages> {
  const images = new Uint8Array(count * IMAGE_BYTES);
  const labels = new Int32Array(count);
  const size = recordBytes(format);
  let filled = 0;
  for (const { path, records } of files) {
    const wanted = Math.min(records, count - filled);
    if (wanted === 0) break;
    let record = 0;
    for (const piece of readRecords(path, wanted, size)) {
      for (let at = 0; at < piece.length; at += size, record++, filled++) {
        labels[filled] = labelOf(format, piece[at + format.labelBytes - 1] ?? 0, record, path);
        copyPixels(piece, at + format.labelBytes, images, filled * IMAGE_BYTES);
      }
    }
  }
  return { kind: "memory", count, height: SIDE, width: SIDE, images, labels };
}

/** Returns the label. @throws {InvalidInputError} if it is not a class. */
function labelOf(format: CifarFormat, label: number, record: number, path: string): number {
  const last = format.classes.length - 1;
  if (label > last) {
    throw new InvalidInputError(
      `${path} is damaged: record ${record} has label ${label}, but the classes are 0 to ${last}; ${remedy(format)}`,
    );
  }
  return label;
}

/** Converts the planes of red, green and blue at `from` to interleaved pixels at `to`. */
function copyPixels(source: Uint8Array, from: number, target: Uint8Array, to: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const plane = from + channel * PIXELS;
    for (let pixel = 0; pixel < PIXELS; pixel++) target[to + 3 * pixel + channel] = source[plane + pixel] ?? 0;
  }
}
