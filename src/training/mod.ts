/**
 * Training: configuration, run folder, step, trainer, evaluation of a run, benchmarks.
 *
 * @module
 */
export * from "./benchmark/mod.ts";
export * from "./checkpoint.ts";
export * from "./checkpoint_files.ts";
export { type ConfigSources, resolveConfig } from "./config.ts";
export * from "./config_file.ts";
export * from "./embed_run.ts";
export * from "./embedded_splits.ts";
export * from "./encoder_file.ts";
export * from "./evaluate_run.ts";
export * from "./event_log.ts";
export * from "./export_run.ts";
export * from "./image_changes.ts";
export * from "./image_list.ts";
export * from "./learning_rate.ts";
export * from "./metrics_file.ts";
export type { MetricsSample } from "./metrics_sample.ts";
export * from "./online_probes.ts";
export type { RunConfig } from "./options.ts";
export * from "./passes.ts";
export type { PendingScalars } from "./pending_scalars.ts";
export * from "./plans.ts";
export * from "./precision.ts";
export * from "./presets.ts";
export * from "./records.ts";
export * from "./run_folder.ts";
export * from "./run_health.ts";
export * from "./run_length.ts";
export * from "./run_lock.ts";
export * from "./run_state.ts";
export * from "./run_status.ts";
export * from "./step.ts";
export * from "./trainee.ts";
export * from "./trainer.ts";
export * from "./training_state.ts";
