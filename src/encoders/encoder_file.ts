/**
 * Files of one encoder alone, for programs that know nothing of runs.
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

/** Version of the layout that is written here. */
const FORMAT = "sluice-encoder-1";

/** What a file says of its encoder besides the weights. */
export interface EncoderDescription {
  /** The network; gates narrow their input by its `gateReduction`. */
  readonly spec: NetworkSpec;
  /** Which encoder of a run it was. */
  readonly network: Pass;
  /** Mean of the channels that images are normalised by, red first, values in 0..1. */
  readonly mean: readonly [number, number, number];
  /** Standard deviation, likewise. */
  readonly std: readonly [number, number, number];
  /**
   * How an image is brought to size before: of `asIs` pixels a side it is taken as it is; of any other the shorter side is resized to
   * `resize`, bicubic with antialiasing, and the centre of `asIs` x `asIs` cut out.
   */
  readonly transform: { readonly asIs: number; readonly resize: number };
  /** Steps that it was trained for. */
  readonly step: number;
  /** The version of sluice that exported it. */
  readonly version: string;
}

/** An encoder out of a file. */
export interface LoadedEncoder extends Disposable {
  /** The network: `evaluate(network, x)` gives features. */
  readonly encoder: GatedResNet;
  /** What the file says of it. */
  readonly description: EncoderDescription;
}

/** A value of the metadata, which are texts, as what it says. */
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
  mean: spoken(constants),
  std: spoken(constants),
  transform: spoken(z.object({ as_is: positive, resize: positive })),
  step: spoken(z.int().nonnegative()),
  sluice: z.string(),
});

/** The metadata: texts, with lists and objects as JSON. No times and no paths, so that equal runs give equal bytes. */
function formatDescription(description: EncoderDescription): Record<string, string> {
  const { spec, network, mean, std, transform: { asIs, resize }, step, version } = description;
  const { arch, width, stem, image, gateReduction } = spec;
  const transform = { as_is: asIs, resize, interpolation: "bicubic", antialias: true, center_crop: asIs };
  return {
    format: FORMAT,
    arch: architectureSpec(arch).name,
    width: String(width),
    stem,
    network,
    image_size: String(image),
    ...(network === "gated" && gateReduction !== undefined ? { gate_reduction: String(gateReduction) } : {}),
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
    throw new InvalidInputError(`${path}: its format is ${metadata["format"] ?? "not stated"}, not ${FORMAT}`);
  }
  const { data, error } = schema.safeParse(metadata);
  if (data === undefined) {
    const places = error.issues.map(({ path }) => path.join("."));
    throw new FormatError(`${path}: its metadata say nothing usable of ${places.join(", ")}; export it again`);
  }
  const { arch, width, stem, network, image_size: image, mean, std, transform, step, sluice: version } = data;
  const reduction = data.gate_reduction === undefined ? {} : { gateReduction: data.gate_reduction };
  return {
    spec: { arch, width, stem, image, ...reduction },
    network,
    mean,
    std,
    transform: { asIs: transform.as_is, resize: transform.resize },
    step,
    version,
  };
}

/**
 * The bytes of a file: safetensors, convolutions as OIHW under torchvision's names, with a checksum. A dense encoder's are those of
 * `torchvision.models` without `fc`; a gated one's blocks have `gate.fc1.weight` and so on besides.
 *
 * @param source holds the encoder, perhaps beside the other.
 */
export function encodeEncoder(source: GatedResNet, description: EncoderDescription): Uint8Array {
  const tensors = encoderState(source, description.network);
  return encodeSafetensors(tensors, formatDescription(description), { checksum: true });
}

/**
 * Loads the encoder of a file.
 *
 * @throws {InvalidInputError} where the file is missing, of another format, or its weights are not those of the network it tells of.
 * @throws {FormatError} where it is damaged.
 */
export function loadEncoder(device: Device, path: string): LoadedEncoder {
  const { tensors, metadata } = readSafetensors(path);
  const description = parseDescription(path, metadata);
  const gated = description.network === "gated";
  const hasBiases = [...tensors.keys()].some((name) => name.endsWith(".fc2.bias"));
  const options = { gated, separateNorm: false, gateBias: hasBiases ? 0 : null };
  // The weights that it draws are overwritten.
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
