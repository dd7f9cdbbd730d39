/**
 * Submits a sweep to Slurm, reads the states of its tasks and cancels them, through Slurm's commands.
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

/** The result of a command. */
interface Ended {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. @throws {ClusterError} if it is not installed. */
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

/** An error with the command's own message. */
function failure(program: string, stderr: string): ClusterError {
  return new ClusterError(`${program}: ${stderr.replace(/\s*\n\s*/g, " ") || "failed"}`);
}

/** Runs a command, and returns its output. @throws {ClusterError} if it is not installed or fails. */
async function demand(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await execute(program, args);
  if (success) return stdout;
  throw failure(program, stderr);
}

/** Checks that this machine can submit jobs. @throws {InvalidInputError} if Slurm is not installed. */
export async function checkSlurm(): Promise<void> {
  try {
    await demand("sbatch", ["--version"]);
  } catch (cause) {
    if (!(cause instanceof ClusterError)) throw cause;
    throw new InvalidInputError(
      `${cause.message}; submit from another machine, or copy the script of --emit slurm there`,
      {
        cause,
      },
    );
  }
}

/**
 * Submits a script whose tasks are the runs in order, and records the job in the sweep's folder.
 *
 * @returns the job's id.
 * @throws {ClusterError} with Slurm's own message if it refuses the job.
 */
export async function submitJob(sweep: SweepFolder, script: string, runs: readonly string[]): Promise<string> {
  const printed = await demand("sbatch", ["--parsable", script]);
  const job = parseSubmission(printed);
  if (job === null) throw new ClusterError(`sbatch: printed ${JSON.stringify(printed.trim())} instead of a job id`);
  addJob(sweep, { job, runs: [...runs] });
  return job;
}

/** The tasks that the queue knows: waiting and running tasks, and for a few minutes ended ones. */
async function readQueue(jobs: readonly string[]): Promise<QueuedTask[]> {
  const args = ["--noheader", "--array", "--states=all", `--format=${queueFormat}`, `--jobs=${jobs.join(",")}`];
  const { success, stdout, stderr } = await execute("squeue", args);
  if (success) return parseQueue(stdout);
  // squeue says this for a single job that ended a while ago. For several jobs it says nothing.
  if (stderr.includes("Invalid job id specified")) return [];
  throw failure("squeue", stderr);
}

/** The ended tasks that the accounting knows; none if the cluster has no accounting. */
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
 * The state of each submitted run by name, from the last job that included the run. Leaves out runs that Slurm no
 * longer knows.
 *
 * @throws {ClusterError} if Slurm does not answer.
 */
export async function clusterStates(sweep: SweepFolder): Promise<Map<string, QueuedTask>> {
  const jobs = readJobs(sweep);
  if (jobs.length === 0) return new Map();
  const ids = jobs.map(({ job }) => job);
  const queued = await readQueue(ids);
  // The queue overrides the accounting, which lists a requeued task as ended.
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

/** Names of the runs that wait in the queue or run. @throws {ClusterError} if Slurm does not answer. */
export async function queuedRuns(sweep: SweepFolder): Promise<Set<string>> {
  const states = await clusterStates(sweep);
  return new Set([...states].flatMap(([run, task]) => isEnded(task) ? [] : [run]));
}

/**
 * Cancels the sweep's jobs that have not ended. An active run gets a signal and saves first.
 *
 * @returns ids of the jobs that had not ended.
 * @throws {ClusterError} if Slurm does not answer, or refuses.
 */
export async function cancelJobs(sweep: SweepFolder): Promise<string[]> {
  const known = readJobs(sweep).map(({ job }) => job);
  if (known.length === 0) return [];
  const active = [...new Set((await readQueue(known)).filter((task) => !isEnded(task)).map(({ job }) => job))];
  if (active.length === 0) return [];
  const { success, stderr } = await execute("scancel", active);
  // scancel retries while a task is completing, and then fails because the other tasks have ended in the meantime.
  const left = success
    ? []
    : (await readQueue(active)).filter(({ state }) => !isEnded({ state }) && state !== "COMPLETING");
  if (left.length > 0) throw failure("scancel", stderr);
  return active;
}
