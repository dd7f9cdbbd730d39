/**
 * Training: the passes and the step, the loop around it, and the trainer that runs it.
 *
 * @module
 */
export * from "./learning_rate.ts";
export * from "./online_probes.ts";
export * from "./passes.ts";
export type { PendingScalars } from "./pending_scalars.ts";
export * from "./plans.ts";
export * from "./step.ts";
export * from "./trainee.ts";
export * from "./trainer.ts";
