/**
 * Encoders: what is done with a finished run's networks, which are evaluated, embed images, and are exported.
 *
 * @module
 */
export * from "./embed_run.ts";
export * from "./encoder_file.ts";
export * from "./evaluate_folder.ts";
export * from "./evaluate_run.ts";
export * from "./export_run.ts";
