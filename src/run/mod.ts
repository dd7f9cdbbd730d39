/**
 * A run on the disk: its folder, lock, checkpoints, metrics, status and evaluation file.
 *
 * @module
 */
export * from "./checkpoint.ts";
export * from "./checkpoint_files.ts";
export * from "./evaluated_data.ts";
export { type BudgetEvaluation, type Evaluation, onOtherImages, type OtherEvaluation } from "./evaluation_file.ts";
export * from "./evaluations_folder.ts";
export * from "./event_log.ts";
export * from "./image_changes.ts";
export * from "./image_list.ts";
export * from "./metrics_file.ts";
export type { MetricsSample } from "./metrics_sample.ts";
export * from "./records.ts";
export type { Renewal } from "./resumption.ts";
export * from "./run_folder.ts";
export * from "./run_health.ts";
export * from "./run_length.ts";
export * from "./run_lock.ts";
export * from "./run_state.ts";
export * from "./run_status.ts";
export * from "./speed_file.ts";
export * from "./training_state.ts";
