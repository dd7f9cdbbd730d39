/**
 * * The data set STL-10.
 *
 * Coates, Lee and Ng, "An analysis of single-layer networks in unsupervised feature learning" (2011).
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, statSync } from "node:fs";
import { InvalidInputError } from "../../errors.ts";
import { readDataFile } from "../data_file.ts";
import type { Dataset, DatasetOptions, DatasetSource, Labelled, RecordImages } from "../dataset.ts";
import { refuseFileOptions } from "../file_options.ts";
import { imageCount } from "../image_count.ts";
import { findDataFolder } from "../places.ts";
import { paperView } from "../view_recipe.ts";

const name = "stl10";
const SIDE = 96;
const IMAGE_BYTES = 3 * SIDE * SIDE;

const archive = {
  file: "stl10_binary.tar.gz",
  url: "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
  md5: "91f7769df0f17e558f3565bffb0c7dfb",
  folder: "stl10_binary",
  bytes: 3_124_300_000,
  files: ["train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin", "unlabeled_X.bin"],
  fileMd5: {
    "train_X.bin": "918c2871b30a85fa023e0c44e0bee87f",
    "train_y.bin": "5a34089d4802c674881badbb80307741",
    "test_X.bin": "7f263ba9f9e0b06b93213547f721ac82",
    "test_y.bin": "36f9794fa4beb8a2c72628de14fa638e",
    "unlabeled_X.bin": "5242ba1fed5e4be9e1e742405eb56ca4",
  },
} as const;

/** Class names by label. The files count labels from 1. */
const classes = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"] as const;

const constants: Pick<Dataset, "mean" | "std"> = { mean: [0.4914, 0.4823, 0.4466], std: [0.247, 0.243, 0.261] };

/** The size of a file in bytes. @throws {InvalidInputError} if it is missing. */
function sizeOf(path: string): number {
  if (existsSync(path) && statSync(path).isFile()) return statSync(path).size;
  throw new InvalidInputError(
    `${path} is missing: give --data a complete folder ${archive.folder}, or unpack the official ${archive.file} again`,
  );
}

/** Opens a file of images and takes the first `asked`. */
function records(option: string, path: string, asked: number | undefined): RecordImages {
  const size = sizeOf(path);
  if (size === 0 || size % IMAGE_BYTES !== 0) {
    throw new InvalidInputError(
      `${path} is damaged: ${size} bytes are not a whole number of ${IMAGE_BYTES}-byte images; unpack the official ${archive.file} again`,
    );
  }
  const count = imageCount(option, asked, size / IMAGE_BYTES);
  return { kind: "records", path, count, height: SIDE, width: SIDE, labels: null };
}

/** Opens a file of images and the file of their labels. */
function labelled(option: string, folder: string, split: string, asked: number | undefined): Labelled<RecordImages> {
  const images = records(option, join(folder, `${split}_X.bin`), undefined);
  const path = join(folder, `${split}_y.bin`);
  const size = sizeOf(path);
  const problem = size === images.count ? labelProblem(path) : `has ${size} labels for ${images.count} images`;
  if (problem !== null) throw new InvalidInputError(`${path} ${problem}; unpack the official ${archive.file} again`);
  const count = imageCount(option, asked, images.count);
  const labels = Int32Array.from(readDataFile(path).subarray(0, count), (label) => label - 1);
  return { ...images, count, labels };
}

function labelProblem(path: string): string | null {
  const record = readDataFile(path).findIndex((label) => label < 1 || label > classes.length);
  return record < 0 ? null : `is damaged: the label of image ${record} is not one of 1 to ${classes.length}`;
}

/**
 * STL-10, from a folder with `unlabeled_X.bin`, `train_X.bin`, `train_y.bin`, `test_X.bin` and `test_y.bin`, or from
 * that folder's parent. Training uses the unlabelled images; evaluation uses the training and test images. Images are
 * read when they are needed.
 */
export const stl10: DatasetSource = {
  name,
  description: "STL-10, 96x96 photographs: 100,000 to train on, 13,000 of 10 classes to evaluate with",
  archive,
  folder: archive.folder,
  remedy: null,
  constants,
  side: SIDE,
  officialCounts: { pretraining: 100_000, train: 5_000, test: 8_000 },
  open(options: DatasetOptions): Dataset {
    refuseFileOptions(name, options);
    const folder = findDataFolder({ name, archive }, options.data);
    const { trainImages, testImages } = options;
    const pretraining = records("train-images", join(folder, "unlabeled_X.bin"), trainImages);
    const all = labelled("train-images", folder, "train", undefined);
    const count = Math.min(all.count, trainImages ?? all.count);
    const train = { ...all, count, labels: all.labels.slice(0, count) };
    const test = labelled("test-images", folder, "test", testImages);
    return {
      name,
      classes,
      ...constants,
      pretraining,
      labelled: { train, test },
      views: [paperView, paperView],
      skipped: [],
      origin: {
        folder,
        files: ["unlabeled_X.bin", "train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin"],
        selection: null,
      },
    };
  },
};
