/**
 * CIFAR-10 in its official binary form.
 *
 * Krizhevsky, "Learning multiple layers of features from tiny images" (2009). A file is a run of records of 3,073 bytes:
 * the label, then 32x32 pixels of red, of green and of blue.
 *
 * @module
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError } from "../../errors.ts";
import type { Dataset, DatasetOptions, DatasetSource, ImageSet } from "../dataset.ts";
import { imageCount } from "../image_count.ts";
import { paperView } from "../view_recipe.ts";

const SIDE = 32;
const PIXELS = SIDE * SIDE;
const IMAGE_BYTES = 3 * PIXELS;
const RECORD_BYTES = 1 + IMAGE_BYTES;
const FOLDER = "cifar-10-batches-bin";
const TRAIN_FILES = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`);
const TEST_FILES = ["test_batch.bin"];
const REMEDY = "unpack the official cifar-10-binary.tar.gz again";

const classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"] as const;

interface BatchFile {
  readonly path: string;
  readonly records: number;
}

/** CIFAR-10 from a folder with `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`, or from that folder's parent. */
export const cifar10: DatasetSource = {
  name: "cifar10",
  description: "CIFAR-10, 32x32 photographs of 10 classes, official binary files",
  needsData: true,
  open(options: DatasetOptions): Dataset {
    const folder = findFolder(options.data);
    // Every file is looked at before any is read, so that a wrong folder is refused at once.
    const trainFiles = TRAIN_FILES.map((file) => inspect(folder, file));
    const testFiles = TEST_FILES.map((file) => inspect(folder, file));
    const trainCount = imageCount("train-images", options.trainImages, totalRecords(trainFiles));
    const testCount = imageCount("test-images", options.testImages, totalRecords(testFiles));
    return {
      name: "cifar10",
      classes,
      mean: [0.4914, 0.4822, 0.4465],
      std: [0.2470, 0.2435, 0.2616],
      train: readSplit(trainFiles, trainCount),
      test: readSplit(testFiles, testCount),
      views: [paperView, paperView],
    };
  },
};

function findFolder(data: string | undefined): string {
  if (data === undefined) {
    throw new InvalidInputError(`data set cifar10 needs a folder: give --data DIR, the folder that holds ${FOLDER}`);
  }
  if (!existsSync(data) || !statSync(data).isDirectory()) {
    throw new InvalidInputError(`data folder ${data} does not exist: give --data DIR, the folder that holds ${FOLDER}`);
  }
  const inner = join(data, FOLDER);
  return existsSync(inner) && statSync(inner).isDirectory() ? inner : data;
}

function inspect(folder: string, file: string): BatchFile {
  const path = join(folder, file);
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new InvalidInputError(`${path} is missing: give --data a complete ${FOLDER}, or ${REMEDY}`);
  }
  const { size } = statSync(path);
  if (size === 0 || size % RECORD_BYTES !== 0) {
    throw new InvalidInputError(
      `${path} is damaged: ${size} bytes are not a whole number of ${RECORD_BYTES}-byte records; ${REMEDY}`,
    );
  }
  return { path, records: size / RECORD_BYTES };
}

function totalRecords(files: readonly BatchFile[]): number {
  return files.reduce((total, { records }) => total + records, 0);
}

function readSplit(files: readonly BatchFile[], count: number): ImageSet {
  const images = new Uint8Array(count * IMAGE_BYTES);
  const labels = new Int32Array(count);
  let filled = 0;
  for (const { path, records } of files) {
    const wanted = Math.min(records, count - filled);
    if (wanted === 0) break;
    const bytes = readFileSync(path);
    if (bytes.length !== records * RECORD_BYTES) {
      throw new InvalidInputError(`${path} changed while it was read: start again when nothing writes to it`);
    }
    for (let record = 0; record < wanted; record++, filled++) {
      labels[filled] = labelOf(bytes, record, path);
      copyPixels(bytes, record * RECORD_BYTES + 1, images, filled * IMAGE_BYTES);
    }
  }
  return { count, height: SIDE, width: SIDE, images, labels };
}

function labelOf(bytes: Uint8Array, record: number, path: string): number {
  const label = bytes[record * RECORD_BYTES] ?? 0;
  if (label >= classes.length) {
    throw new InvalidInputError(
      `${path} is damaged: record ${record} has label ${label}, the classes are 0 to ${classes.length - 1}; ${REMEDY}`,
    );
  }
  return label;
}

/** Planes of red, green and blue at `from` become pixels of three bytes at `to`. */
function copyPixels(source: Uint8Array, from: number, target: Uint8Array, to: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const plane = from + channel * PIXELS;
    for (let pixel = 0; pixel < PIXELS; pixel++) target[to + 3 * pixel + channel] = source[plane + pixel] ?? 0;
  }
}
