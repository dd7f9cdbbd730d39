/**
 * The formats of exported networks.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { InvalidInputError } from "../errors.ts";
import type { HostTensor } from "../formats/mod.ts";
import { passOf } from "../models/mod.ts";
import { Scope } from "../tensor/mod.ts";
import type { EncoderDescription } from "./encoder_description.ts";
import { encodeEncoder, loadEncoder } from "./encoder_file.ts";
import { type Encode, type GoldenImage, normalisedImage } from "./golden_image.ts";
import type { LoadedFile } from "./loaded_file.ts";
import type { GraphOptions } from "./onnx/float_graph.ts";
import { encodeOnnxEncoder, loadOnnx } from "./onnx/onnx_file.ts";

/** Names of the formats, which are also the endings of their files. */
export const exportFormats = ["safetensors", "onnx"] as const;
/** The name of a format. */
export type ExportFormat = typeof exportFormats[number];

/** How a format writes and reads networks. */
export interface EncoderFormat {
  /**
   * The bytes of a file.
   *
   * @param state the encoder's tensors in PyTorch's layouts.
   * @param options how an encoder becomes a graph, for formats that hold one.
   */
  encode(
    state: ReadonlyMap<string, HostTensor>,
    description: EncoderDescription,
    golden: GoldenImage,
    options: GraphOptions,
  ): Uint8Array;
  /**
   * Loads a file.
   *
   * @throws {InvalidInputError} if the file is missing, of another format, or not one of sluice.
   * @throws {FormatError} if the file is damaged.
   */
  load(device: Device, path: string): LoadedFile;
  /** How much features of a file may differ from the run's, as a share of the largest. */
  readonly tolerance: number;
}

/** The formats by name. Norms that are multiplied into weights round differently, hence the tolerance of ONNX. */
export const encoderFormats: Readonly<Record<ExportFormat, EncoderFormat>> = {
  safetensors: {
    encode: (state, description, golden) => encodeEncoder(state, description, golden),
    load: (device, path) => {
      const { encoder, description, metadata, [Symbol.dispose]: dispose } = loadEncoder(device, path);
      const encode: Encode = (image) => {
        using _scope = new Scope();
        const x = normalisedImage(device, image, description);
        return encoder.evaluate(passOf(description.network), x).features.toFloat32();
      };
      return { description, metadata, encode, [Symbol.dispose]: dispose };
    },
    tolerance: 1e-5,
  },
  onnx: { encode: encodeOnnxEncoder, load: loadOnnx, tolerance: 1e-4 },
};

/** The format of a file by its ending. @throws {InvalidInputError} if it has another one. */
export function formatOf(path: string): ExportFormat {
  const format = exportFormats.find((name) => path.endsWith(`.${name}`));
  if (format !== undefined) return format;
  const endings = exportFormats.map((name) => `FILE.${name}`).join(" or ");
  throw new InvalidInputError(`${path}: is no exported network by its name; give ${endings}`);
}
