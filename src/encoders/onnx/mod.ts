/**
 * Encoders as ONNX models: their graphs, their files, and an interpreter that runs them.
 *
 * @module
 */
export * from "./calibration.ts";
export * from "./encoder_of_model.ts";
export * from "./float_graph.ts";
export * from "./graph_builder.ts";
export * from "./interpreter.ts";
export * from "./model.ts";
export * from "./onnx_file.ts";
export * from "./operators.ts";
export * from "./quantisation.ts";
export * from "./values.ts";
