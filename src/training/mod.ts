/**
 * Training: beginning and resuming runs, the training loop, and the step with its passes.
 *
 * @module
 */
export * from "./augmented_views.ts";
export * from "./begin_run.ts";
export * from "./budget_loop.ts";
export * from "./online_probes.ts";
export * from "./passes.ts";
export * from "./plans.ts";
export * from "./resume_run.ts";
export type { RunObserver, RunOutcome } from "./run_setup.ts";
export type { PendingScalars } from "./scalars.ts";
export * from "./schedules.ts";
export { type StepReport, trainingStep } from "./step.ts";
export type { StepConfig, StepInputs } from "./step_inputs.ts";
export * from "./trainee.ts";
export * from "./trainer.ts";
