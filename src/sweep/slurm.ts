/**
 * Slurm's notations: the script of a sweep as one job array, and what `sbatch`, `squeue` and `sacct` print.
 *
 * @module
 */
import { basename } from "@std/path";
import { InvalidInputError } from "../errors.ts";
import type { SlurmRequest } from "./requests.ts";
import { attemptFunction, chooseRun, completeFunction, jobName, quoteWord, type ScriptedSweep } from "./shell.ts";

/** Where a task of a job array is. */
export interface QueuedTask {
  /** The array's job id. */
  readonly job: string;
  /** Which of its tasks, from 0. */
  readonly index: number;
  /** Slurm's word for its state, `RUNNING` for one, and why it waits where it does: `PENDING (Resources)`. */
  readonly state: string;
}

/** What the queue is asked for, to be read by {@linkcode parseQueue}. */
export const queueFormat = "%F|%K|%T|%r";
/** What the accounting is asked for, to be read by {@linkcode parseAccounting}. */
export const accountingFormat = "JobID,State";

/** States of tasks that have ended and are not queued again. */
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

/** Whether a task is at its end, and not only between two attempts. */
export function isEnded({ state }: Pick<QueuedTask, "state">): boolean {
  return endedStates.includes(state);
}

/** Keys that are options of `sbatch` as they are. */
const sameOptions = ["partition", "account", "qos", "constraint", "gres", "time", "mem", "cpus-per-task"] as const;

/** A path in a pattern for file names: Slurm takes `%` for more, unless it is doubled. */
function inPattern(path: string): string {
  return path.replaceAll("%", "%%");
}

/** The lines that `sbatch` reads. */
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
    `output=${quoteWord(inPattern(`${folder}/tasks/`))}slurm-%A_%a.log`,
  ].map((option) => `#SBATCH --${option}`);
}

/**
 * The script of a job array, a task for each run. A task that has saved because of the notice before its time limit queues itself again;
 * one that is preempted, requeued, or whose node fails, is queued again by Slurm.
 *
 * @throws {InvalidInputError} where the folder cannot stand in such a script.
 */
export function slurmScript(sweep: ScriptedSweep, request: SlurmRequest): string {
  if (/[\\\n]/.test(sweep.folder)) {
    throw new InvalidInputError(`${sweep.folder}: Slurm takes no backslash or line end in a path; give --out another`);
  }
  return `#!/bin/sh
${directives(sweep, request).join("\n")}
# The runs of one sweep, a task for each.

${attemptFunction(sweep)}
${completeFunction(sweep)}
${chooseRun(sweep.runs, "SLURM_ARRAY_TASK_ID")}
complete "$1"
# Saved before the time limit.
if [ "$status" -eq 75 ] && [ "\${SLURM_RESTART_COUNT:-0}" -lt ${request.requeues} ]; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit "$status"
`;
}

/** The id of the job in what `sbatch --parsable` prints; null where there is none. */
export function parseSubmission(text: string): string | null {
  return /^(\d+)(;\S+)?$/.exec(text.trim())?.[1] ?? null;
}

/** Tasks in what `squeue --array` prints in {@linkcode queueFormat}. */
export function parseQueue(text: string): QueuedTask[] {
  return text.split("\n").flatMap((line) => {
    const [job = "", index = "", state = "", ...reason] = line.trim().split("|");
    if (!/^\d+$/.test(index)) return [];
    const why = state === "PENDING" && reason[0] !== "None" ? ` (${reason.join("|")})` : "";
    return [{ job, index: Number(index), state: `${state}${why}` }];
  });
}

/** Tasks in what `sacct --parsable2 --allocations` prints in {@linkcode accountingFormat}; those that wait stand in no line of their own. */
export function parseAccounting(text: string): QueuedTask[] {
  return text.split("\n").flatMap((line) => {
    const [, job = "", index = "", state = ""] = /^(\d+)_(\d+)\|([A-Z_]+)/.exec(line.trim()) ?? [];
    return job === "" ? [] : [{ job, index: Number(index), state }];
  });
}
