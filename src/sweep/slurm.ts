/**
 * Writes a sweep as a Slurm job array, and parses the output of `sbatch`, `squeue` and `sacct`.
 *
 * @module
 */
import { basename } from "@std/path";
import { InvalidInputError } from "../errors.ts";
import type { SlurmRequest } from "./requests.ts";
import { attemptFunction, chooseRun, completeFunction, jobName, quoteWord, type ScriptedSweep } from "./shell.ts";

/** The state of a task of a job array. */
export interface QueuedTask {
  /** Job id of the array. */
  readonly job: string;
  /** Index of the task in the array, from 0. */
  readonly index: number;
  /** Slurm's name of the state, followed by the reason if the task waits: `RUNNING`, `PENDING (Resources)`. */
  readonly state: string;
}

/** The fields of `squeue` that {@linkcode parseQueue} reads: array's job id, index, state, reason. */
export const queueFormat = "%F|%K|%T|%r";
/** The fields of `sacct` that {@linkcode parseAccounting} reads. */
export const accountingFormat = "JobID,State";

/** States of a task that has ended for good. */
const endedStates = [
  "BOOT_FAIL",
  "CANCELLED",
  "COMPLETED",
  "DEADLINE",
  "FAILED",
  "NODE_FAIL",
  "OUT_OF_MEMORY",
  "PREEMPTED",
  "REVOKED",
  "TIMEOUT",
];

/** Whether a task has ended for good, and not only between two attempts. */
export function isEnded({ state }: Pick<QueuedTask, "state">): boolean {
  return endedStates.includes(state);
}

/** Keys of the request that `sbatch` takes as options under the same name. */
const sameOptions = ["partition", "account", "qos", "constraint", "gres", "time", "mem", "cpus-per-task"] as const;

/** Doubles `%` in a path, which begins a placeholder in Slurm's patterns for file names. */
function escapePattern(path: string): string {
  return path.replaceAll("%", "%%");
}

/** The `#SBATCH` lines. */
function directives({ folder, runs }: ScriptedSweep, request: SlurmRequest): string[] {
  const { jobs, notice } = request;
  const limit = jobs === undefined ? "" : `%${jobs}`;
  const asked = sameOptions.flatMap((key) => request[key] === undefined ? [] : [`${key}=${request[key]}`]);
  return [
    `job-name=${jobName(basename(folder))}`,
    `array=0-${runs.length - 1}${limit}`,
    ...asked,
    "requeue",
    "open-mode=append",
    `signal=B:USR1@${notice}`,
    `output=${quoteWord(escapePattern(`${folder}/tasks/`))}slurm-%A_%a.log`,
  ].map((option) => `#SBATCH --${option}`);
}

/**
 * The script of a job array with a task for each run. A task that saves because of the notice before its time limit
 * queues itself again. Slurm itself requeues a task that is preempted or whose node fails.
 *
 * @throws {InvalidInputError} if Slurm cannot represent the folder's path.
 */
export function slurmScript(sweep: ScriptedSweep, request: SlurmRequest): string {
  if (/[\\\n]/.test(sweep.folder)) {
    throw new InvalidInputError(
      `${sweep.folder}: Slurm accepts no backslash or line end in a path; give --out another folder`,
    );
  }
  return `#!/bin/sh
${directives(sweep, request).join("\n")}
# Does the runs of one sweep, one in each task.

${attemptFunction(sweep)}
${completeFunction(sweep)}
${chooseRun(sweep.runs, "SLURM_ARRAY_TASK_ID")}
complete "$1"
# Queue the run again if it saved before the time limit.
if [ "$status" -eq 75 ] && [ "\${SLURM_RESTART_COUNT:-0}" -lt ${request.requeues} ]; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit "$status"
`;
}

/** The job id in the output of `sbatch --parsable`, or null if there is none. */
export function parseSubmission(text: string): string | null {
  return /^(\d+)(;\S+)?$/.exec(text.trim())?.[1] ?? null;
}

/** The tasks in the output of `squeue --array` with {@linkcode queueFormat}. */
export function parseQueue(text: string): QueuedTask[] {
  return text.split("\n").flatMap((line) => {
    const [job = "", index = "", state = "", ...reason] = line.trim().split("|");
    if (!/^\d+$/.test(index)) return [];
    const why = state === "PENDING" && reason[0] !== "None" ? ` (${reason.join("|")})` : "";
    return [{ job, index: Number(index), state: `${state}${why}` }];
  });
}

/**
 * The tasks in the output of `sacct --parsable2 --allocations` with {@linkcode accountingFormat}. Waiting tasks have no
 * line.
 */
export function parseAccounting(text: string): QueuedTask[] {
  return text.split("\n").flatMap((line) => {
    const [, job = "", index = "", state = ""] = /^(\d+)_(\d+)\|([A-Z_]+)/.exec(line.trim()) ?? [];
    return job === "" ? [] : [{ job, index: Number(index), state }];
  });
}
