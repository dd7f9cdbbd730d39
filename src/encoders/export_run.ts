/**
 * Exports one encoder of a run.
 *
 * @module
 */
import { datasetSource, evaluationResize } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { InvalidInputError, StorageError } from "../errors.ts";
import type { StaticMask } from "../evaluation/mod.ts";
import { writeFileAtomically } from "../formats/mod.ts";
import { DualNetwork, type GatedResNet, type NetworkName, type Pass, passOf } from "../models/mod.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import { type Checkpoint, loadCheckpoint } from "../run/checkpoint.ts";
import { imageSide, networkOptions } from "../config/network.ts";
import type { RunFolder } from "../run/run_folder.ts";
import type { EncoderDescription } from "./encoder_description.ts";
import { encodeEncoder, type LoadedEncoder, loadEncoder } from "./encoder_file.ts";
import { cutSlimOf, refuseMissing, type SlimCut } from "./slim_run.ts";

/** Formats of exported networks. */
export const exportFormats = ["safetensors"] as const;
/** The name of a format. */
export type ExportFormat = typeof exportFormats[number];

/** Number of images that check a written file. */
const CHECK_IMAGES = 4;
/**
 * The largest allowed difference between features of the file and of the run, as a share of the run's largest feature.
 */
const CHECK_TOLERANCE = 1e-5;

/** What to export, and where to. */
export interface ExportOptions {
  /** Which encoder; the run must give it. */
  readonly network: NetworkName;
  /** How the slim network is cut; only the slim network needs it. */
  readonly slim?: SlimCut | undefined;
  /** Path of the file; an existing file is replaced. */
  readonly file: string;
  /** Version of sluice, for the metadata. */
  readonly version: string;
}

/** The document that `sluice export --json` prints. */
export interface ExportReport {
  /** The run's folder. */
  readonly run: string;
  /** Which encoder. */
  readonly network: NetworkName;
  /** The file's format. */
  readonly format: ExportFormat;
  /** Path of the file. */
  readonly file: string;
  /** Size of the file. */
  readonly bytes: number;
  /** Number of images encoded by the file's and by the run's network, and the largest difference of their features. */
  readonly check: { readonly images: number; readonly largestDifference: number };
}

/**
 * Features of fixed pseudo-random images, normalised like the network's own images, row by row.
 *
 * @param mask in place of the gates' decisions.
 */
function checkFeatures(
  device: Device,
  encoder: GatedResNet,
  pass: Pass,
  { spec: { image }, mean, std }: EncoderDescription,
  mask?: StaticMask,
): Float32Array {
  using _scope = new Scope();
  const random = new RandomStream(0, Streams.exportCheck, 0);
  const pixels = Float32Array.from({ length: CHECK_IMAGES * image * image * 3 }, (_, place) => {
    return (random.uniform() - (mean[place % 3] ?? 0)) / (std[place % 3] ?? 1);
  });
  const x = Tensor.from(device, pixels, [CHECK_IMAGES, image, image, 3]);
  return encoder.evaluate(pass, x, { masks: mask?.rows(device, 0, CHECK_IMAGES) }).features.toFloat32();
}

/**
 * Compares the features of a written file with the run's.
 *
 * @returns the largest difference.
 * @throws {StorageError} if it is more than 1e-5 of the largest expected feature.
 */
export function compareFeatures(file: string, expected: Float32Array, found: Float32Array): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = expected.reduce(
    (most, value, place) => Math.max(most, Math.abs(value - (found[place] ?? NaN))),
    0,
  );
  // Written this way round, the comparison also refuses NaN.
  if (difference <= CHECK_TOLERANCE * largest) return difference;
  throw new StorageError(
    `${file}: features computed from it differ from the run's by ${difference} of ${largest}; it was not kept`,
  );
}

/** Loads the encoder of the file that was just written. */
function readBack(device: Device, file: string, temporary: string): LoadedEncoder {
  try {
    return loadEncoder(device, temporary);
  } catch (cause) {
    if (!(cause instanceof InvalidInputError)) throw cause;
    throw new StorageError(`${file}: does not read back as it was written (${cause.message}); check the disk`, {
      cause,
    });
  }
}

/**
 * Writes one encoder of a run to a file in the layout of {@linkcode encodeEncoder}. Before the file takes its place, a
 * network is loaded from it and must encode images as the run's does.
 *
 * @throws {InvalidInputError} if the run has no such network, the checkpoint is of another network, or no slim network
 * is that small.
 * @throws {StorageError} if the file cannot be written, or the networks differ; no file is left then.
 */
export function exportRun(
  device: Device,
  run: RunFolder,
  checkpoint: Checkpoint,
  { network: name, slim: cut, file, version }: ExportOptions,
): ExportReport {
  const { config } = run;
  refuseMissing(name, config);
  const image = imageSide(config);
  using network = new DualNetwork(device, networkOptions(config, image));
  loadCheckpoint(checkpoint, network);
  using owned = new DisposableStack();
  const slim = name === "slim" ? owned.use(cutSlimOf(config, network, cut)) : null;
  const source = network.encoderOf(name === "slim" ? "gated" : passOf(name));
  const encoder = slim?.encoder ?? source;
  const { mean, std } = datasetSource(config.dataset).constants;
  const transform = { asIs: image, resize: evaluationResize(image) };
  const { step } = checkpoint.state;
  const description = { spec: encoder.spec, network: name, mean, std, transform, step, version };
  const bytes = encodeEncoder(encoder, description);
  // A slim network must compute what the run's gated network computes under its mask.
  const expected = checkFeatures(device, source, slim ? "gated" : passOf(name), description, slim?.mask);
  let largestDifference = NaN;
  writeFileAtomically(file, bytes, (temporary) => {
    using loaded = readBack(device, file, temporary);
    const found = checkFeatures(device, loaded.encoder, passOf(name), loaded.description);
    largestDifference = compareFeatures(file, expected, found);
  });
  const check = { images: CHECK_IMAGES, largestDifference };
  return { run: run.path, network: name, format: "safetensors", file, bytes: bytes.length, check };
}
