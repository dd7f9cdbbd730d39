/**
 * Describes the machine: the processors, memory, GPUs and folders that this process may use, and their problems.
 *
 * @module
 */
export * from "./cgroup.ts";
export * from "./examine.ts";
export * from "./instructions.ts";
export * from "./limits.ts";
export * from "./mounts.ts";
export * from "./nvidia.ts";
export * from "./other_work.ts";
export * from "./packaged.ts";
export * from "./process_identity.ts";
export * from "./signals.ts";
export * from "./storage.ts";
export * from "./system_calls.ts";
