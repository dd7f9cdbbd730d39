/**
 * Files with a single encoder, for programs other than sluice.
 *
 * @module
 */
import { z } from "zod";
import type { Device } from "../device/mod.ts";
import { InvalidInputError, ShapeError } from "../errors.ts";
import { encodeSafetensors, FormatError, readSafetensors } from "../formats/mod.ts";
import {
  architectures,
  architectureSpec,
  encoderState,
  featureSize,
  GatedResNet,
  loadTorchState,
  type NetworkSpec,
  type Pass,
  stems,
} from "../models/mod.ts";
import { Initialiser } from "../nn/mod.ts";

/** Version of the layout. */
const FORMAT = "sluice-encoder-1";

/** The metadata of an encoder. */
export interface EncoderDescription {
  /** The shape of the network. */
  readonly spec: NetworkSpec;
  /** Which encoder of the run it is. */
  readonly network: Pass;
  /** Mean of the channels for normalisation, red first, of values in 0..1. */
  readonly mean: readonly [number, number, number];
  /** Standard deviation of the channels, in the same order. */
  readonly std: readonly [number, number, number];
  /**
   * How an image gets its size before normalisation. An image of `asIs` x `asIs` pixels stays as it is. Of any other
   * image the shorter side is resized to `resize`, bicubic with antialiasing, and the centre of `asIs` x `asIs` pixels
   * is taken.
   */
  readonly transform: { readonly asIs: number; readonly resize: number };
  /** Steps of training. */
  readonly step: number;
  /** Version of sluice that exported it. */
  readonly version: string;
}

/** An encoder that was loaded from a file. */
export interface LoadedEncoder extends Disposable {
  /** The network: `evaluate(network, x)` gives features. */
  readonly encoder: GatedResNet;
  /** The file's metadata. */
  readonly description: EncoderDescription;
}

/** A value of the metadata, which are texts: JSON of the given schema. */
function spoken<T>(schema: z.ZodType<T>) {
  return z.string().transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "is not JSON" });
      return z.NEVER;
    }
  }).pipe(schema);
}

const constants = z.tuple([z.number(), z.number(), z.number()]);
const positive = z.int().positive();
const schema = z.object({
  arch: z.enum(architectures),
  width: spoken(positive),
  stem: z.enum(stems),
  network: z.enum(["dense", "gated"]),
  image_size: spoken(positive),
  gate_reduction: spoken(positive).optional(),
  gate_group: spoken(positive).optional(),
  mean: spoken(constants),
  std: spoken(constants),
  transform: spoken(z.object({ as_is: positive, resize: positive })),
  step: spoken(z.int().nonnegative()),
  sluice: z.string(),
}).refine(({ width, gate_group: group = 1 }) => width % group === 0, { path: ["gate_group"] });

/**
 * The metadata as texts, lists and objects as JSON. It holds no times and no paths, so that equal runs give equal
 * bytes.
 */
function formatDescription(description: EncoderDescription): Record<string, string> {
  const { spec, network, mean, std, transform: { asIs, resize }, step, version } = description;
  const { arch, width, stem, image, gateReduction, gateGroup = 1 } = spec;
  const transform = { as_is: asIs, resize, interpolation: "bicubic", antialias: true, center_crop: asIs };
  return {
    format: FORMAT,
    arch: architectureSpec(arch).name,
    width: String(width),
    stem,
    network,
    image_size: String(image),
    ...(network === "gated" && gateReduction !== undefined ? { gate_reduction: String(gateReduction) } : {}),
    ...(network === "gated" && gateGroup > 1 ? { gate_group: String(gateGroup) } : {}),
    feature_size: String(featureSize(spec)),
    mean: JSON.stringify(mean),
    std: JSON.stringify(std),
    transform: JSON.stringify(transform),
    step: String(step),
    sluice: version,
  };
}

function parseDescription(path: string, metadata: Readonly<Record<string, string>>): EncoderDescription {
  if (metadata["format"] !== FORMAT) {
    throw new InvalidInputError(
      `${path}: has the format ${metadata["format"] ?? "none"}, not ${FORMAT}; give a file of sluice export`,
    );
  }
  const { data, error } = schema.safeParse(metadata);
  if (data === undefined) {
    const places = error.issues.map(({ path }) => path.join("."));
    throw new FormatError(`${path}: its metadata lack a valid ${places.join(", ")}; export it again`);
  }
  const { arch, width, stem, network, image_size: image, mean, std, transform, step, sluice: version } = data;
  const reduction = data.gate_reduction === undefined ? {} : { gateReduction: data.gate_reduction };
  const group = data.gate_group === undefined ? {} : { gateGroup: data.gate_group };
  return {
    spec: { arch, width, stem, image, ...reduction, ...group },
    network,
    mean,
    std,
    transform: { asIs: transform.as_is, resize: transform.resize },
    step,
    version,
  };
}

/**
 * Encodes a file: safetensors under torchvision's names, convolutions as OIHW, with a checksum. A dense encoder has the
 * tensors of its `torchvision.models` counterpart without `fc`; the blocks of a gated encoder also have
 * `gate.fc1.weight` and so on. If gates open groups of n > 1 channels, `gate_group` in the metadata is n, and
 * `gate.fc2.weight` has a row for each group: row k decides on channels k n to k n + n - 1.
 *
 * @param source the network that holds the encoder; it may hold both.
 */
export function encodeEncoder(source: GatedResNet, description: EncoderDescription): Uint8Array {
  const tensors = encoderState(source, description.network);
  return encodeSafetensors(tensors, formatDescription(description), { checksum: true });
}

/**
 * Loads the encoder of a file.
 *
 * @throws {InvalidInputError} if the file is missing or of another format, or its weights do not fit its metadata.
 * @throws {FormatError} if the file is damaged.
 */
export function loadEncoder(device: Device, path: string): LoadedEncoder {
  const { tensors, metadata } = readSafetensors(path);
  const description = parseDescription(path, metadata);
  const gated = description.network === "gated";
  const hasBiases = [...tensors.keys()].some((name) => name.endsWith(".fc2.bias"));
  const options = { gated, separateNorm: false, gateBias: hasBiases ? 0 : null };
  // The file overwrites the random weights.
  const encoder = new GatedResNet(device, new Initialiser(0), description.spec, options);
  try {
    loadTorchState(encoder, tensors);
  } catch (error) {
    encoder[Symbol.dispose]();
    if (error instanceof ShapeError) throw new InvalidInputError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
  return { encoder, description, [Symbol.dispose]: () => encoder[Symbol.dispose]() };
}
