/**
 * Exports one encoder of a run.
 *
 * @module
 */
import { dirname } from "@std/path";
import { storeOptions } from "../config/options.ts";
import { type Dataset, datasetSource, evaluationResize, ImageStores, type SkippedImage } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { InvalidInputError, MisuseError, StorageError } from "../errors.ts";
import type { SlimSize } from "../evaluation/mod.ts";
import { type HostTensor, makeFolder, writeFileAtomically } from "../formats/mod.ts";
import { DualNetwork, encoderState, type NetworkName, passOf } from "../models/mod.ts";
import { Scope } from "../tensor/mod.ts";
import { type Checkpoint, loadCheckpoint } from "../run/checkpoint.ts";
import { imageSide, networkOptions } from "../config/network.ts";
import type { RunFolder } from "../run/run_folder.ts";
import { encoderFormats, type ExportFormat, FOLDED_ROUNDING } from "./encoder_formats.ts";
import {
  type Encode,
  type GoldenDifference,
  goldenDifference,
  type GoldenImage,
  goldenImage,
  normalisedImage,
  refuseDifference,
} from "./golden_image.ts";
import type { LoadedFile } from "./loaded_file.ts";
import { type Int8Cost, int8Graph } from "./int8_graph.ts";
import {
  floatGraph,
  type GraphBuilder,
  type GraphOptions,
  type Int8Target,
  loadOnnxModel,
  modelOf,
} from "./onnx/mod.ts";
import { cutSlim, refuseMissing, refuseUnfitted, slimSize } from "./slim_run.ts";
import type { EncoderDescription } from "./encoder_description.ts";

/** The images of a run's data set. */
export interface ExportImages {
  /** The data set. */
  readonly dataset: Dataset;
  /** Called for each damaged image; another takes its place. */
  readonly skipped: (image: SkippedImage) => void;
}

/** What to export, and where to. */
export interface ExportOptions {
  /** Which encoder; the run must give it. */
  readonly network: NetworkName;
  /** The size of the slim network; by default of the run's budget, {@linkcode slimSize}. */
  readonly slim?: Partial<SlimSize>;
  /** The images that a slim network is cut by, and that the ranges of 8 bits are measured on; others need none. */
  readonly images?: ExportImages | undefined;
  /** The runtime to round to 8 bits for; null, the default, for floats. Only for dense and slim networks in ONNX. */
  readonly int8?: Int8Target | null;
  /** The file's format; safetensors by default. */
  readonly format?: ExportFormat;
  /** How the encoder becomes a graph, for formats that hold one; by default without norms and preprocessing. */
  readonly graph?: Partial<GraphOptions>;
  /** Called before each part of long work with its name. */
  readonly progress?: (stage: string) => void;
  /** Path of the file; an existing file is replaced, and its folder is made if it is missing. */
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
  /** How far the file's features of its golden image are from those that it must have. */
  readonly check: GoldenDifference;
  /** What rounding to 8 bits costs; null for floats. */
  readonly int8: Int8Cost | null;
}

/** Refuses 8 bits where there can be none. @throws {InvalidInputError} with the remedy. */
export function refuseInt8(
  { int8, network, format = "safetensors", graph = {} }: Pick<ExportOptions, "int8" | "network" | "format" | "graph">,
): void {
  if (int8 === undefined || int8 === null) return;
  const reasons = [
    network === "gated" && "the gated network multiplies by masks, which saves nothing; give --network dense or slim",
    format !== "onnx" && `a ${format} file holds floats; give --format onnx`,
    graph.keepNorms === true && "norms go into the weights before they are rounded; leave --keep-norms out",
  ];
  const reason = reasons.find((one) => one !== false);
  if (reason !== undefined) throw new InvalidInputError(`--precision int8: ${reason}`);
}

/** The images. @throws {MisuseError} if there are none. */
function needed(stores: ImageStores | undefined): ImageStores {
  if (stores === undefined) throw new MisuseError("slim networks and 8 bits need training images: give them");
  return stores;
}

/** Features of an image by a graph. */
function encodeByGraph(
  device: Device,
  graph: GraphBuilder,
  description: EncoderDescription,
  options: GraphOptions,
  image: Uint8Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  using loaded = loadOnnxModel(device, modelOf(graph, description, options, {}), description);
  return loaded.encode(image);
}

/** Refuses to round a graph that does not compute what the run's network does. */
function checkFloats(
  device: Device,
  state: ReadonlyMap<string, HostTensor>,
  description: EncoderDescription,
  { image, features }: GoldenImage,
  file: string,
): void {
  const options = { keepNorms: false, includePreprocessing: false };
  const found = encodeByGraph(device, floatGraph(state, description, options), description, options, image);
  refuseDifference(file, goldenDifference(features, found), FOLDED_ROUNDING, "it was not rounded");
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
 * network does under its mask, and a network in 8 bits as its graph did before it was written.
 *
 * @throws {InvalidInputError} if the run has no such network, the checkpoint is of another network, or no slim network
 * is that small.
 * @throws {StorageError} if the file cannot be written, or the networks differ; no file is left then.
 */
export function exportRun(
  device: Device,
  run: RunFolder,
  checkpoint: Checkpoint,
  options: ExportOptions,
): ExportReport {
  const { network: name, images, format = "safetensors", int8: target = null, file, version } = options;
  const { config } = run;
  refuseMissing(name, config);
  refuseInt8(options);
  const image = imageSide(config);
  if (name !== "dense") refuseUnfitted(config, checkpoint);
  using network = new DualNetwork(device, networkOptions(config, image));
  loadCheckpoint(checkpoint, network);
  using owned = new DisposableStack();
  const stores = images && owned.use(new ImageStores(device, images.dataset, { ...storeOptions(config), ...images }));
  const slim = name === "slim"
    ? owned.use(cutSlim(network, needed(stores), slimSize(config, options.slim ?? {})))
    : null;
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
  const inFloats = goldenImage(device, state, description, encode);
  const graph = { keepNorms: false, includePreprocessing: false, ...options.graph };
  if (target !== null) checkFloats(device, state, description, inFloats, file);
  const int8 = target === null ? null : int8Graph(device, state, description, target, {
    stores: needed(stores),
    config,
    ...(options.progress && { progress: options.progress }),
  }, graph.includePreprocessing);
  const golden = int8 === null
    ? inFloats
    : { ...inFloats, features: encodeByGraph(device, int8.graph, description, graph, inFloats.image) };
  const { encode: bytesOf, tolerance } = encoderFormats[format];
  const bytes = bytesOf({ state, description, golden, options: graph, int8 });
  let check: GoldenDifference = { largestDifference: NaN, largestFeature: NaN };
  makeFolder(dirname(file));
  writeFileAtomically(file, bytes, (temporary) => {
    using loaded = readBack(device, format, file, temporary);
    check = goldenDifference(golden.features, loaded.encode(golden.image));
    refuseDifference(file, check, tolerance(loaded.metadata), "it was not kept");
  });
  return { run: run.path, network: name, format, file, bytes: bytes.length, check, int8: int8?.cost ?? null };
}
