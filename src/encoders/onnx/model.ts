/**
 * The ONNX model of an encoder: its graph with inputs, outputs and metadata.
 *
 * @module
 */
import type { OnnxModel } from "../../formats/mod.ts";
import { featureSize } from "../../models/mod.ts";
import { type EncoderDescription, formatDescription } from "../encoder_description.ts";
import { graphInput, type GraphOptions, graphOutput } from "./float_graph.ts";
import type { GraphBuilder } from "./graph_builder.ts";

/** What a program must do to an image before the model, in words. */
function preprocessingWords(
  { mean, std, transform: { asIs, resize } }: EncoderDescription,
  isIncluded: boolean,
): string {
  const sizing = `an RGB image of ${asIs} x ${asIs} pixels as it is, any other with its shorter side resized to ` +
    `${resize} (bicubic, antialiased) and the centre of ${asIs} x ${asIs} pixels taken`;
  if (isIncluded) return `${sizing}; bytes 0 to 255, [batch, height, width, 3], red first`;
  return `${sizing}; values divided by 255, less the mean ${mean.join(", ")}, divided by the deviation ` +
    `${std.join(", ")}; [batch, 3, height, width], red first`;
}

/**
 * The model of a graph.
 *
 * @param metadata texts beside the encoder's description.
 */
export function modelOf(
  { nodes, initialisers }: GraphBuilder,
  description: EncoderDescription,
  { includePreprocessing }: Pick<GraphOptions, "includePreprocessing">,
  metadata: Readonly<Record<string, string>>,
): OnnxModel {
  const { spec, version } = description;
  const { image } = spec;
  return {
    producer: { name: "sluice", version },
    nodes,
    initialisers,
    inputs: [
      includePreprocessing
        ? { name: graphInput, dtype: "u8", shape: ["batch", image, image, 3] }
        : { name: graphInput, dtype: "f32", shape: ["batch", 3, image, image] },
    ],
    outputs: [{ name: graphOutput, dtype: "f32", shape: ["batch", featureSize(spec)] }],
    metadata: {
      ...formatDescription(description),
      preprocessing: preprocessingWords(description, includePreprocessing),
      ...metadata,
    },
  };
}
