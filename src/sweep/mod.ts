/**
 * Sweeps: many runs from one spec, their execution, and their results.
 *
 * @module
 */
export * from "./configuration_summary.ts";
export * from "./damaged_run.ts";
export * from "./estimate.ts";
export * from "./kubernetes.ts";
export * from "./local_executor.ts";
export * from "./plan.ts";
export * from "./progress.ts";
export { secondsOfLimit } from "./request_schemas.ts";
export * from "./requests.ts";
export * from "./results.ts";
export * from "./run_task.ts";
export * from "./shell.ts";
export * from "./slurm.ts";
export * from "./slurm_cluster.ts";
export * from "./slurm_jobs.ts";
export * from "./spec.ts";
export * from "./spread.ts";
export * from "./sweep_folder.ts";
export * from "./sweep_run.ts";
