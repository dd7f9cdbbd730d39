/**
 * Files with a single encoder as an ONNX model.
 *
 * @module
 */
import type { Device } from "../../device/mod.ts";
import { encodeOnnx, type HostTensor, type OnnxModel, readOnnx } from "../../formats/mod.ts";
import { Scope, Tensor } from "../../tensor/mod.ts";
import { type EncoderDescription, parseDescription } from "../encoder_description.ts";
import { type Encode, formatGolden, type GoldenImage, normalisedImage } from "../golden_image.ts";
import type { LoadedFile } from "../loaded_file.ts";
import { floatGraph, type GraphOptions } from "./float_graph.ts";
import { Interpreter } from "./interpreter.ts";
import { modelOf } from "./model.ts";

/**
 * Encodes an encoder as an ONNX model, {@linkcode floatGraph}, with its description and golden image in the metadata.
 *
 * @param state the encoder's tensors in PyTorch's layouts.
 */
export function encodeOnnxEncoder(
  state: ReadonlyMap<string, HostTensor>,
  description: EncoderDescription,
  golden: GoldenImage,
  options: GraphOptions,
): Uint8Array {
  const graph = floatGraph(state, description, options);
  return encodeOnnx(modelOf(graph, description, options, formatGolden(golden)));
}

/** A model that encodes images. */
export function loadOnnxModel(device: Device, model: OnnxModel, description: EncoderDescription): LoadedFile {
  const { inputs: [input], metadata } = model;
  const interpreter = new Interpreter(device, model);
  const { spec: { image: side } } = description;
  const inputOf = (image: Uint8Array<ArrayBuffer>) =>
    input?.dtype === "u8"
      ? Tensor.from(device, image, [1, side, side, 3])
      : normalisedImage(device, image, description);
  const encode: Encode = (image) => {
    using _scope = new Scope();
    return interpreter.run(inputOf(image));
  };
  return { description, metadata, encode, [Symbol.dispose]: () => interpreter[Symbol.dispose]() };
}

/**
 * Loads the model of a file.
 *
 * @throws {InvalidInputError} if the file is missing, or no model of sluice.
 * @throws {FormatError} if the file is damaged.
 */
export function loadOnnx(device: Device, path: string): LoadedFile {
  const model = readOnnx(path);
  return loadOnnxModel(device, model, parseDescription(path, model.metadata));
}
