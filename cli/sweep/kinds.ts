/**
 * What can work through a sweep: executors, and scripts for others.
 *
 * @module
 */

/** What begins runs. */
export const executors = ["local", "slurm"] as const;

/** What begins runs, by name. */
export type Executor = typeof executors[number];

/** Scripts that there are. */
export const scriptKinds = ["sh", "slurm", "k8s"] as const;

/** A script that works through runs. */
export type ScriptKind = (typeof scriptKinds)[number];
