/**
 * Encodes images by a run's network, and writes the features to files.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { type Dataset, type ImageSet, ImageStores, type SkippedImage } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { InvalidInputError } from "../errors.ts";
import { encodeSplit } from "../evaluation/mod.ts";
import { encodeNpy, type NpyData, writeFileAtomically } from "../formats/mod.ts";
import { DualNetwork, featureSize, type NetworkName, passOf } from "../models/mod.ts";
import type { Precision } from "../tensor/mod.ts";
import { type Checkpoint, loadCheckpoint } from "../run/checkpoint.ts";
import { type RunConfig, storeOptions } from "../config/options.ts";
import { networkOptions } from "../config/network.ts";
import { openOtherDataset } from "../config/open_dataset.ts";
import { cutSlimOf, refuseMissing, refuseUnfitted, type SlimCut } from "./slim_run.ts";

/** Splits of a run's own data set. */
export const embeddedSplits = ["train", "test"] as const;
/** The name of a split. */
export type EmbeddedSplit = typeof embeddedSplits[number];

/** Images to encode. */
export interface EmbeddedImages {
  /** The images. */
  readonly set: ImageSet;
  /** The data set of the images; its constants normalise them. */
  readonly dataset: Dataset;
  /** Names of the images, [count]: paths, or split and place for images without paths. */
  readonly names: readonly string[];
}

/** Features of images. */
export interface Embedding {
  /** float32 [count, size], row by row. */
  readonly features: Float32Array<ArrayBuffer>;
  /** Length of a feature. */
  readonly size: number;
  /** Names of the images, [count]. */
  readonly names: readonly string[];
  /** int32 [count], or null for images without labels. */
  readonly labels: Int32Array<ArrayBuffer> | null;
}

/** The list of names has one name per line. */
function refuseLineBreaks(names: readonly string[]): void {
  const broken = names.find((name) => /[\n\r]/.test(name));
  if (broken !== undefined) {
    throw new InvalidInputError(
      `${JSON.stringify(broken)}: a name with a line break cannot be listed; rename the file`,
    );
  }
}

/**
 * The images of a split: with labels if there are any, else the training images.
 *
 * @throws {InvalidInputError} if the data set has no such split.
 */
export function splitImages(dataset: Dataset, split: EmbeddedSplit): EmbeddedImages {
  const set = dataset.labelled?.[split] ?? (split === "train" ? dataset.pretraining : null);
  if (set === null) throw new InvalidInputError(`data set ${dataset.name} has no test images: give train, or a folder`);
  const names = set.kind === "files" ? set.paths : Array.from({ length: set.count }, (_, image) => `${split}/${image}`);
  refuseLineBreaks(names);
  return { set, dataset, names };
}

/**
 * The image files in a folder, at any depth, in the size and with the constants of the run's data set. The files of the
 * data set itself are not needed.
 *
 * @throws {InvalidInputError} if there is no image, or an image is damaged and the run is strict.
 */
export function folderImages(config: RunConfig, folder: string): EmbeddedImages {
  return splitImages(openOtherDataset(config, "images", folder), "train");
}

/** How to encode images. */
export interface EmbedOptions {
  /** The network; the run must give it. */
  readonly network: NetworkName;
  /** How the slim network is cut; only the slim network needs it. */
  readonly slim?: SlimCut | undefined;
  /** Called for each damaged image. */
  readonly skipped: (image: SkippedImage) => void;
  /** The precision of the network's passes: f32 by default. Features are f32 in every precision. */
  readonly precision?: Precision;
}

/**
 * Encodes images by a network of a checkpoint, in evaluation mode. Images whose files are damaged are left out.
 *
 * @throws {InvalidInputError} if the run has no such network, the checkpoint is of another network, or no slim network
 * is that small.
 * @throws {DamagedImageError} if a file is damaged and the run is strict, or every file is damaged.
 */
export function embedImages(
  device: Device,
  config: RunConfig,
  checkpoint: Checkpoint,
  { set, dataset, names }: EmbeddedImages,
  { network: name, slim, skipped, precision = "f32" }: EmbedOptions,
): Embedding {
  refuseMissing(name, config);
  using network = new DualNetwork(device, networkOptions(config, set.height));
  loadCheckpoint(checkpoint, network);
  const damaged = new Set<string>();
  using stores = new ImageStores(device, dataset, {
    ...storeOptions(config),
    skipped: (image) => {
      damaged.add(image.path);
      skipped(image);
    },
  });
  using owned = new DisposableStack();
  if (name !== "dense") refuseUnfitted(config, checkpoint);
  const encoder = name === "slim"
    ? owned.use(cutSlimOf(config, network, slim)).encoder
    : network.encoderOf(passOf(name));
  using encoded = encodeSplit(encoder, passOf(name), stores.evaluation(set), { precision });
  const all = encoded.features.toFloat32();
  const size = featureSize(encoder.spec);
  // The reader put another image in the place of a damaged image, so that row is dropped.
  const kept = Array.from(names.keys()).filter((image) => !damaged.has(names[image] ?? ""));
  const features = new Float32Array(kept.length * size);
  kept.forEach((image, row) => features.set(all.subarray(image * size, (image + 1) * size), row * size));
  const { labels } = set;
  return {
    features,
    size,
    names: kept.map((image) => names[image] ?? ""),
    labels: labels === null ? null : Int32Array.from(kept, (image) => labels[image] ?? 0),
  };
}

/** The files of an embedding. */
export interface EmbeddingPaths {
  /** Features, f32 [N, F]. */
  readonly features: string;
  /** Names of the images, one per line. */
  readonly names: string;
  /** Labels, i32 [N]. */
  readonly labels: string;
}

/**
 * The files of an embedding: `FILE.npy`, `FILE.txt` and `FILE.labels.npy`.
 *
 * @throws {InvalidInputError} if `out` has another ending.
 */
export function embeddingPaths(out: string): EmbeddingPaths {
  const stem = /^(.*[^/])\.npy$/.exec(out)?.[1];
  if (stem === undefined) throw new InvalidInputError(`--out ${out}: features are written as .npy; give FILE.npy`);
  return { features: out, names: `${stem}.txt`, labels: `${stem}.labels.npy` };
}

/**
 * Writes features, names and labels. The features come last, so that their file exists only if the others do. If one
 * file cannot be written, none is left.
 *
 * @returns the paths of the files.
 */
export function writeEmbedding(paths: EmbeddingPaths, { features, size, names, labels }: Embedding): readonly string[] {
  const npy = (shape: readonly number[], data: NpyData) => encodeNpy({ shape, data });
  const files: (readonly [string, Uint8Array])[] = [
    [paths.names, new TextEncoder().encode(names.map((name) => `${name}\n`).join(""))],
    ...(labels === null ? [] : [[paths.labels, npy([labels.length], labels)] as const]),
    [paths.features, npy([names.length, size], features)],
  ];
  const written: string[] = [];
  try {
    for (const [path, bytes] of files) {
      writeFileAtomically(path, bytes);
      written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    throw error;
  }
  return written;
}
