/**
 * What an exported file says of its encoder: metadata, as texts.
 *
 * @module
 */
import { z } from "zod";
import { InvalidInputError } from "../errors.ts";
import { parsed } from "./json_text.ts";
import { FormatError } from "../formats/mod.ts";
import {
  architectures,
  architectureSpec,
  blockSpecs,
  featureSize,
  type NetworkName,
  networkNames,
  type NetworkSpec,
  stems,
  wholeSpec,
} from "../models/mod.ts";

/** Version of the layout. */
const FORMAT = "sluice-encoder-1";

/** The metadata of an encoder. */
export interface EncoderDescription {
  /** The shape of the network. */
  readonly spec: NetworkSpec;
  /** Which encoder of the run it is. */
  readonly network: NetworkName;
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

const constants = z.tuple([z.number(), z.number(), z.number()]);
const positive = z.int().positive();
const schema = z.object({
  arch: z.enum(architectures),
  width: parsed(positive),
  stem: z.enum(stems),
  network: z.enum(networkNames),
  image_size: parsed(positive),
  gate_reduction: parsed(positive).optional(),
  gate_group: parsed(positive).optional(),
  widths: parsed(z.record(z.string(), z.array(positive).min(1))).optional(),
  mean: parsed(constants),
  std: parsed(constants),
  transform: parsed(z.object({ as_is: positive, resize: positive })),
  step: parsed(z.int().nonnegative()),
  sluice: z.string(),
}).refine(({ width, gate_group: group = 1 }) => width % group === 0, { path: ["gate_group"] });

/** The channels that a slim network keeps by block, such as `{"layer1.0": [16]}`; a bottleneck keeps two numbers. */
function keptByBlock(spec: NetworkSpec): Record<string, readonly number[]> {
  let gate = 0;
  return Object.fromEntries(
    blockSpecs(wholeSpec(spec)).map(({ name, gates }) => {
      const from = gate;
      gate += gates.length;
      return [name, spec.kept?.slice(from, gate) ?? []];
    }),
  );
}

/** The channels that a slim network keeps in order; null if a block has none, or more than there are. */
function keptInOrder(spec: NetworkSpec, widths: Readonly<Record<string, readonly number[]>>): readonly number[] | null {
  const blocks = blockSpecs(spec).map(({ name, gates }) => ({ gates, own: widths[name] ?? [] }));
  const fit = blocks.every(({ gates, own }) =>
    own.length === gates.length && own.every((kept, index) => kept <= (gates[index]?.channels ?? 0))
  );
  return fit ? blocks.flatMap(({ own }) => own) : null;
}

/**
 * The metadata as texts, lists and objects as JSON. It holds no times and no paths, so that equal runs give equal
 * bytes.
 */
export function formatDescription(description: EncoderDescription): Record<string, string> {
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
    ...(network === "slim" ? { widths: JSON.stringify(keptByBlock(spec)) } : {}),
    feature_size: String(featureSize(spec)),
    mean: JSON.stringify(mean),
    std: JSON.stringify(std),
    transform: JSON.stringify(transform),
    step: String(step),
    sluice: version,
  };
}

/**
 * Reads the metadata of a file.
 *
 * @param path path of the file, for messages.
 * @throws {InvalidInputError} if the file is not one of sluice.
 * @throws {FormatError} if a value is missing or wrong.
 */
export function parseDescription(path: string, metadata: Readonly<Record<string, string>>): EncoderDescription {
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
  const whole = { arch, width, stem, image, ...reduction, ...group };
  const kept = network === "slim" ? keptInOrder(whole, data.widths ?? {}) : undefined;
  if (kept === null) throw new FormatError(`${path}: its metadata lack a valid widths; export it again`);
  return {
    spec: kept === undefined ? whole : { ...whole, kept },
    network,
    mean,
    std,
    transform: { asIs: transform.as_is, resize: transform.resize },
    step,
    version,
  };
}
