/**
 * Encoders of a run: evaluating them, embedding images by them, and exporting them.
 *
 * @module
 */
export * from "./embed_run.ts";
export * from "./encoder_description.ts";
export * from "./encoder_file.ts";
export * from "./encoder_formats.ts";
export * from "./evaluate_folder.ts";
export * from "./evaluate_run.ts";
export * from "./export_run.ts";
export * from "./golden_image.ts";
export * from "./loaded_file.ts";
export * from "./slim_run.ts";
export * from "./verify_export.ts";
export * from "./onnx/mod.ts";
