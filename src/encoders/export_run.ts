/**
 * Exports one encoder of a run.
 *
 * @module
 */
import { datasetSource, evaluationResize } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { InvalidInputError, StorageError } from "../errors.ts";
import { writeFileAtomically } from "../formats/mod.ts";
import { DualNetwork, encoderState, type NetworkName, passOf } from "../models/mod.ts";
import { Scope } from "../tensor/mod.ts";
import { type Checkpoint, loadCheckpoint } from "../run/checkpoint.ts";
import { imageSide, networkOptions } from "../config/network.ts";
import type { RunFolder } from "../run/run_folder.ts";
import { encoderFormats, type ExportFormat } from "./encoder_formats.ts";
import {
  type Encode,
  type GoldenDifference,
  goldenDifference,
  goldenImage,
  normalisedImage,
  refuseDifference,
} from "./golden_image.ts";
import type { LoadedFile } from "./loaded_file.ts";
import type { GraphOptions } from "./onnx/float_graph.ts";
import { cutSlimOf, refuseMissing, type SlimCut } from "./slim_run.ts";

/** What to export, and where to. */
export interface ExportOptions {
  /** Which encoder; the run must give it. */
  readonly network: NetworkName;
  /** How the slim network is cut; only the slim network needs it. */
  readonly slim?: SlimCut | undefined;
  /** The file's format; safetensors by default. */
  readonly format?: ExportFormat;
  /** How the encoder becomes a graph, for formats that hold one; by default without norms and preprocessing. */
  readonly graph?: Partial<GraphOptions>;
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
  /** How far the file's features of its golden image are from the run's. */
  readonly check: GoldenDifference;
}

/** Loads the network of the file that was just written. */
function readBack(device: Device, format: ExportFormat, file: string, temporary: string): LoadedFile {
  try {
    return encoderFormats[format].load(device, temporary);
  } catch (cause) {
    if (!(cause instanceof InvalidInputError)) throw cause;
    throw new StorageError(`${file}: does not read back as it was written (${cause.message}); check the disk`, {
      cause,
    });
  }
}

/**
 * Writes one encoder of a run to a file, in a layout of {@linkcode encoderFormats}. Before the file takes its place, it
 * is read back and must encode its golden image as the run's network does. A slim network must encode it as the gated
 * network does under its mask.
 *
 * @throws {InvalidInputError} if the run has no such network, the checkpoint is of another network, or no slim network
 * is that small.
 * @throws {StorageError} if the file cannot be written, or the networks differ; no file is left then.
 */
export function exportRun(
  device: Device,
  run: RunFolder,
  checkpoint: Checkpoint,
  { network: name, slim: cut, format = "safetensors", graph = {}, file, version }: ExportOptions,
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
  const encode: Encode = (image) => {
    using _scope = new Scope();
    const x = normalisedImage(device, image, description);
    const pass = slim ? "gated" : passOf(name);
    return source.evaluate(pass, x, { masks: slim?.mask.rows(device, 0, 1) }).features.toFloat32();
  };
  const state = encoderState(encoder, passOf(name));
  const golden = goldenImage(device, state, description, encode);
  const { encode: bytesOf, tolerance } = encoderFormats[format];
  const bytes = bytesOf(state, description, golden, { keepNorms: false, includePreprocessing: false, ...graph });
  let check: GoldenDifference = { largestDifference: NaN, largestFeature: NaN };
  writeFileAtomically(file, bytes, (temporary) => {
    using loaded = readBack(device, format, file, temporary);
    check = goldenDifference(golden.features, loaded.encode(golden.image));
    refuseDifference(file, check, tolerance, "it was not kept");
  });
  return { run: run.path, network: name, format, file, bytes: bytes.length, check };
}
