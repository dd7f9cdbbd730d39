/**
 * The golden image of an exported file: an image that everybody can draw, with the features that the file must give.
 *
 * @module
 */
import { z } from "zod";
import type { Device } from "../device/mod.ts";
import { DivergenceError, StorageError } from "../errors.ts";
import { FormatError, type HostTensor } from "../formats/mod.ts";
import { featureSize } from "../models/mod.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import type { EncoderDescription } from "./encoder_description.ts";
import { parsed } from "./json_text.ts";
import { floatGraph } from "./onnx/float_graph.ts";
import { Interpreter } from "./onnx/interpreter.ts";
import { modelOf } from "./onnx/model.ts";

/** An image with its features. */
export interface GoldenImage {
  /** Bytes [H, W, 3]. */
  readonly image: Uint8Array<ArrayBuffer>;
  /** f32 [F]. */
  readonly features: Float32Array<ArrayBuffer>;
}

/** Features of one image of bytes, [F]. */
export type Encode = (image: Uint8Array<ArrayBuffer>) => Float32Array<ArrayBuffer>;

/** The image of a number: noise, drawn from a fixed seed. */
export function drawImage(side: number, number: number): Uint8Array<ArrayBuffer> {
  const random = new RandomStream(0, Streams.exportCheck, number);
  return Uint8Array.from({ length: side * side * 3 }, () => random.integer(256));
}

/** An image of bytes as networks take it, [1, H, W, 3] f32; the open scope owns it. */
export function normalisedImage(
  device: Device,
  image: Uint8Array,
  { spec: { image: side }, mean, std }: Pick<EncoderDescription, "spec" | "mean" | "std">,
): Tensor {
  const values = Float32Array.from(image, (byte, at) => (byte / 255 - (mean[at % 3] ?? 0)) / (std[at % 3] ?? 1));
  return Tensor.from(device, values, [1, side, side, 3]);
}

/** Logits of the golden image are further from 0 than this, so that rounding opens or closes no channel. */
const MARGIN = 1e-3;
/** Images to try. */
const TRIALS = 64;

/** The smallest distance of a gate's logit from 0 for an image; infinite without gates. */
function smallestLogit(interpreter: Interpreter, x: Tensor): number {
  let smallest = Infinity;
  interpreter.run(x, ({ op }, [logits]) => {
    if (op !== "GreaterOrEqual") return;
    for (const logit of logits?.tensor.toFloat32() ?? []) smallest = Math.min(smallest, Math.abs(logit));
  });
  return smallest;
}

/** The first image for which no gate's decision is close; of images that all have a close one, the best. */
function safeImage(
  device: Device,
  state: ReadonlyMap<string, HostTensor>,
  description: EncoderDescription,
): Uint8Array<ArrayBuffer> {
  const { spec: { image: side }, network } = description;
  if (network !== "gated") return drawImage(side, 0);
  const options = { keepNorms: true, includePreprocessing: false };
  using interpreter = new Interpreter(
    device,
    modelOf(floatGraph(state, description, options), description, options, {}),
  );
  let best = { image: drawImage(side, 0), smallest: -1 };
  for (let trial = 0; trial < TRIALS && best.smallest < MARGIN; trial++) {
    using _scope = new Scope();
    const image = drawImage(side, trial);
    const smallest = smallestLogit(interpreter, normalisedImage(device, image, description));
    if (smallest > best.smallest) best = { image, smallest };
  }
  return best.image;
}

/**
 * Chooses the golden image of an encoder, and computes its features.
 *
 * @param state the encoder's tensors in PyTorch's layouts.
 * @param encode the network that the features come from.
 * @throws {DivergenceError} if its features are not finite.
 */
export function goldenImage(
  device: Device,
  state: ReadonlyMap<string, HostTensor>,
  description: EncoderDescription,
  encode: Encode,
): GoldenImage {
  const image = safeImage(device, state, description);
  const features = encode(image);
  if (features.every(Number.isFinite)) return { image, features };
  throw new DivergenceError(
    "the network's features are not finite: training diverged; train again with a smaller --lr",
  );
}

/** The texts of a golden image, for the metadata of a file. */
export function formatGolden({ image, features }: GoldenImage): Record<string, string> {
  return { golden_image: image.toBase64(), golden_features: JSON.stringify([...features]) };
}

const goldenSchema = z.object({
  golden_image: z.base64(),
  golden_features: parsed(z.array(z.number())),
});

/**
 * The golden image of a file.
 *
 * @param path path of the file, for the message.
 * @throws {FormatError} if the metadata lack it.
 */
export function parseGolden(
  path: string,
  metadata: Readonly<Record<string, string>>,
  { spec }: EncoderDescription,
): GoldenImage {
  const { data } = goldenSchema.safeParse(metadata);
  const image = data === undefined ? null : Uint8Array.fromBase64(data.golden_image);
  if (
    data === undefined || image?.length !== spec.image ** 2 * 3 || data.golden_features.length !== featureSize(spec)
  ) {
    throw new FormatError(`${path}: its metadata lack a valid golden image; export it again`);
  }
  return { image, features: Float32Array.from(data.golden_features) };
}

/** How far features are from the golden ones. */
export interface GoldenDifference {
  /** The largest difference of a value. */
  readonly largestDifference: number;
  /** The largest golden value. */
  readonly largestFeature: number;
}

/** Compares features with the golden ones; NaN and missing values differ by infinity. */
export function goldenDifference(golden: Float32Array, found: Float32Array): GoldenDifference {
  const largestFeature = golden.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const largestDifference = golden.reduce((most, value, place) => {
    const difference = Math.abs(value - (found[place] ?? NaN));
    return Number.isNaN(difference) ? Infinity : Math.max(most, difference);
  }, found.length === golden.length ? 0 : Infinity);
  return { largestDifference, largestFeature };
}

/**
 * Refuses features that differ from the golden ones.
 *
 * @param file path of the file, for the message.
 * @param tolerance largest allowed difference as a share of the largest golden value.
 * @param end what follows, as the end of the message.
 * @throws {StorageError} if they differ by more.
 */
export function refuseDifference(file: string, difference: GoldenDifference, tolerance: number, end: string): void {
  const { largestDifference, largestFeature } = difference;
  if (largestDifference <= tolerance * largestFeature) return;
  throw new StorageError(
    `${file}: features computed from it differ from the run's by ${largestDifference} of ${largestFeature}; ${end}`,
  );
}
