/**
 * Files with a single encoder, for programs other than sluice.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { InvalidInputError, ShapeError } from "../errors.ts";
import { encodeSafetensors, type HostTensor, readSafetensors } from "../formats/mod.ts";
import { encoderOf, type GatedResNet } from "../models/mod.ts";
import { type EncoderDescription, formatDescription, parseDescription } from "./encoder_description.ts";
import { formatGolden, type GoldenImage } from "./golden_image.ts";

/** An encoder that was loaded from a file. */
export interface LoadedEncoder extends Disposable {
  /** The network: `evaluate(passOf(network), x)` gives features. */
  readonly encoder: GatedResNet;
  /** What the file says of its encoder. */
  readonly description: EncoderDescription;
  /** All metadata of the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Encodes a file: safetensors under torchvision's names, convolutions as OIHW, with a checksum. A dense encoder has the
 * tensors of its `torchvision.models` counterpart without `fc`; the blocks of a gated encoder also have
 * `gate.fc1.weight` and so on. If gates open groups of n > 1 channels, `gate_group` in the metadata is n, and
 * `gate.fc2.weight` has a row for each group: row k decides on channels k n to k n + n - 1. A slim encoder has the
 * tensors of a dense one with fewer channels; `widths` in the metadata says how many by block.
 *
 * @param state the encoder's tensors in PyTorch's layouts.
 */
export function encodeEncoder(
  state: ReadonlyMap<string, HostTensor>,
  description: EncoderDescription,
  golden: GoldenImage,
): Uint8Array {
  return encodeSafetensors(state, { ...formatDescription(description), ...formatGolden(golden) }, { checksum: true });
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
  const encoder = fitting(
    path,
    () => encoderOf(device, description.spec, { gated, gateBias: hasBiases ? 0 : null }, tensors),
  );
  return { encoder, description, metadata, [Symbol.dispose]: () => encoder[Symbol.dispose]() };
}

/** Names the file if its weights do not fit its metadata. */
function fitting(path: string, build: () => GatedResNet): GatedResNet {
  try {
    return build();
  } catch (error) {
    if (error instanceof ShapeError) throw new InvalidInputError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}
