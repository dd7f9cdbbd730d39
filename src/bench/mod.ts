/**
 * Benchmarks: the speed of training, inference, views, loading, checkpoints, single operations and
 * exported networks on this machine.
 *
 * @module
 */
export * from "./augment.ts";
export * from "./checkpoint.ts";
export * from "./export.ts";
export * from "./folder.ts";
export type { FullBlock } from "./block_paths.ts";
export * from "./infer.ts";
export * from "./infer_run.ts";
export * from "./loader.ts";
export * from "./onnx_runtime.ts";
export * from "./profile.ts";
export * from "./step.ts";
export * from "./sweep.ts";
