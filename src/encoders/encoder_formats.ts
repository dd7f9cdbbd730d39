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
import { formatInt8, type Int8Graph } from "./int8_graph.ts";
import { floatGraph, type GraphOptions } from "./onnx/float_graph.ts";
import { encodeOnnxEncoder, loadOnnx } from "./onnx/onnx_file.ts";

/** Names of the formats, which are also the endings of their files. */
export const exportFormats = ["safetensors", "onnx"] as const;
/** The name of a format. */
export type ExportFormat = typeof exportFormats[number];

/** An encoder on its way into a file. */
export interface ExportedEncoder {
  /** The encoder's tensors in PyTorch's layouts. */
  readonly state: ReadonlyMap<string, HostTensor>;
  /** What the file says of the encoder. */
  readonly description: EncoderDescription;
  /** An image with its features. */
  readonly golden: GoldenImage;
  /** How the encoder becomes a graph, for formats that hold one. */
  readonly options: GraphOptions;
  /** The graph in 8 bits, for formats that hold one; null for floats. */
  readonly int8: Int8Graph | null;
}

/** Differences that rounding makes, as shares of the largest feature. In 8 bits it may move a value by a whole step. */
const ROUNDING = 1e-5, INT8_ROUNDING = 2e-2;
/** Largest difference that norms make which are multiplied into weights, as a share of the largest feature. */
export const FOLDED_ROUNDING = 1e-4;

/** How a format writes and reads networks. */
export interface EncoderFormat {
  /** The bytes of a file. */
  encode(content: ExportedEncoder): Uint8Array;
  /**
   * Loads a file.
   *
   * @throws {InvalidInputError} if the file is missing, of another format, or not one of sluice.
   * @throws {FormatError} if the file is damaged.
   */
  load(device: Device, path: string): LoadedFile;
  /** How much features of a file may differ from its golden ones, as a share of the largest. */
  tolerance(metadata: Readonly<Record<string, string>>): number;
}

/** The formats by name. */
export const encoderFormats: Readonly<Record<ExportFormat, EncoderFormat>> = {
  safetensors: {
    encode: ({ state, description, golden }) => encodeEncoder(state, description, golden),
    load: (device, path) => {
      const { encoder, description, metadata, [Symbol.dispose]: dispose } = loadEncoder(device, path);
      const encode: Encode = (image) => {
        using _scope = new Scope();
        const x = normalisedImage(device, image, description);
        return encoder.evaluate(passOf(description.network), x).features.toFloat32();
      };
      return { description, metadata, encode, [Symbol.dispose]: dispose };
    },
    tolerance: () => ROUNDING,
  },
  onnx: {
    encode: ({ state, description, golden, options, int8 }) => {
      const graph = int8?.graph ?? floatGraph(state, description, options);
      return encodeOnnxEncoder(graph, description, golden, options, int8 === null ? {} : formatInt8(int8));
    },
    load: loadOnnx,
    tolerance: ({ precision }) => (precision === "int8" ? INT8_ROUNDING : FOLDED_ROUNDING),
  },
};

/** The format of a file by its ending. @throws {InvalidInputError} if it has another one. */
export function formatOf(path: string): ExportFormat {
  const format = exportFormats.find((name) => path.endsWith(`.${name}`));
  if (format !== undefined) return format;
  const endings = exportFormats.map((name) => `FILE.${name}`).join(" or ");
  throw new InvalidInputError(`${path}: is no exported network by its name; give ${endings}`);
}
