/**
 * Speaks with Slurm through its commands: submits, reads the queue, cancels.
 *
 * @module
 */
import { ClusterError, InvalidInputError } from "../errors.ts";
import {
  accountingFormat,
  isEnded,
  parseAccounting,
  parseQueue,
  parseSubmission,
  type QueuedTask,
  queueFormat,
} from "./slurm.ts";
import { addJob, readJobs } from "./slurm_jobs.ts";
import type { SweepFolder } from "./sweep_folder.ts";

/** How a command ended. */
interface Ended {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of Slurm's commands to its end. */
async function execute(program: string, args: readonly string[]): Promise<Ended> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], stdin: "null" }).output();
    const decoder = new TextDecoder();
    return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr).trim() };
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new ClusterError(`${program} is not installed here`, { cause });
  }
}

/** A command's own words as an error. */
function failure(program: string, stderr: string): ClusterError {
  return new ClusterError(`${program}: ${stderr.replace(/\s*\n\s*/g, " ") || "failed"}`);
}

/** Runs one of Slurm's commands, where failing is an error. */
async function demand(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await execute(program, args);
  if (success) return stdout;
  throw failure(program, stderr);
}

/** Makes sure that jobs can be submitted from here. @throws {InvalidInputError} where Slurm is not installed. */
export async function checkSlurm(): Promise<void> {
  try {
    await demand("sbatch", ["--version"]);
  } catch (cause) {
    if (!(cause instanceof ClusterError)) throw cause;
    throw new InvalidInputError(
      `${cause.message}; submit from another machine, or take the script of --emit slurm there`,
      {
        cause,
      },
    );
  }
}

/**
 * Submits a script, whose tasks are the runs in order, and writes the job down in the sweep's folder.
 *
 * @returns the job's id.
 * @throws {ClusterError} with Slurm's own words where it takes none.
 */
export async function submitJob(sweep: SweepFolder, script: string, runs: readonly string[]): Promise<string> {
  const printed = await demand("sbatch", ["--parsable", script]);
  const job = parseSubmission(printed);
  if (job === null) throw new ClusterError(`sbatch: printed no job id, but ${JSON.stringify(printed.trim())}`);
  addJob(sweep, { job, runs: [...runs] });
  return job;
}

/** All tasks of the jobs that the queue knows: those that wait and run, and for a few minutes those that have ended. */
async function readQueue(jobs: readonly string[]): Promise<QueuedTask[]> {
  const args = ["--noheader", "--array", "--states=all", `--format=${queueFormat}`, `--jobs=${jobs.join(",")}`];
  const { success, stdout, stderr } = await execute("squeue", args);
  if (success) return parseQueue(stdout);
  // Of a single job that ended a while ago it says this, and nothing of several.
  if (stderr.includes("Invalid job id specified")) return [];
  throw failure("squeue", stderr);
}

/** What the accounting knows of tasks that have ended; nothing where there is none. */
async function readAccounting(jobs: readonly string[]): Promise<QueuedTask[]> {
  const args = ["--noheader", "--parsable2", "--allocations", `--format=${accountingFormat}`];
  try {
    const { success, stdout } = await execute("sacct", [...args, `--jobs=${jobs.join(",")}`]);
    return success ? parseAccounting(stdout).filter(isEnded) : [];
  } catch (error) {
    if (error instanceof ClusterError) return [];
    throw error;
  }
}

/**
 * Slurm's word on each run that was submitted, by the runs' names, from the last job that it was part of. Runs of which Slurm knows
 * no more are not there.
 *
 * @throws {ClusterError} where it does not answer.
 */
export async function clusterStates(sweep: SweepFolder): Promise<Map<string, QueuedTask>> {
  const jobs = readJobs(sweep);
  if (jobs.length === 0) return new Map();
  const ids = jobs.map(({ job }) => job);
  const queued = await readQueue(ids);
  // The queue knows better: in the accounting a task that is queued again has ended.
  const known = [...await readAccounting(ids), ...queued];
  const states = new Map<string, QueuedTask>();
  for (const { job, runs } of jobs) {
    for (const task of known) {
      const run = task.job === job ? runs[task.index] : undefined;
      if (run !== undefined) states.set(run, task);
    }
  }
  return states;
}

/** Runs that wait in the queue or are worked on. @throws {ClusterError} where Slurm does not answer. */
export async function queuedRuns(sweep: SweepFolder): Promise<Set<string>> {
  const states = await clusterStates(sweep);
  return new Set([...states].flatMap(([run, task]) => isEnded(task) ? [] : [run]));
}

/**
 * Cancels what is left of the sweep's jobs: runs that are worked on are asked to save first.
 *
 * @returns the jobs that there was something left of.
 * @throws {ClusterError} where Slurm does not answer, or refuses.
 */
export async function cancelJobs(sweep: SweepFolder): Promise<string[]> {
  const known = readJobs(sweep).map(({ job }) => job);
  if (known.length === 0) return [];
  const active = [...new Set((await readQueue(known)).filter((task) => !isEnded(task)).map(({ job }) => job))];
  if (active.length === 0) return [];
  const { success, stderr } = await execute("scancel", active);
  // Where a task is ending it tries again, and fails because the others have come to their end meanwhile.
  const left = success
    ? []
    : (await readQueue(active)).filter(({ state }) => !isEnded({ state }) && state !== "COMPLETING");
  if (left.length > 0) throw failure("scancel", stderr);
  return active;
}
