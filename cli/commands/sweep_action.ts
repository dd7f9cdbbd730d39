/**
 * What `sluice sweep` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import process from "node:process";
import { ClusterError, InvalidInputError } from "../../src/errors.ts";
import { describeHolder, isHolderHere, type LockHolder } from "../../src/formats/mod.ts";
import {
  cancelJobs,
  clusterStates,
  readJobs,
  readRunState,
  runTask,
  type ScriptKind,
  SweepFolder,
} from "../../src/sweep/mod.ts";
import { givenRunOptions, outputOptions, wholeNumber } from "../options.ts";
import { EvaluationSession, TrainingSession } from "../sessions.ts";
import { checkForCluster, emit, submit } from "../sweep/cluster.ts";
import { checkLocally, execute } from "../sweep/local.ts";
import { type CheckedSweep, readRequest } from "../sweep/request.ts";
import { type OutputOptions, remark, writeResult } from "../ui/output.ts";
import { describeEstimate, describeStates } from "../ui/sweep.ts";

/** The options of `sweep` that are not a run's. */
interface SweepOptions {
  readonly out?: string;
  readonly jobs?: string;
  readonly dryRun?: true;
  readonly executor?: "local" | "slurm";
  readonly emit?: ScriptKind;
}

/** Prints the runs, and an estimate of their time and disk space. */
function writeDryRun({ plan, left, damaged, estimate }: CheckedSweep, output: OutputOptions): void {
  const runs = plan.runs.map(({ name, varied, config }) => ({
    name,
    varied,
    seed: config.seed,
    done: !left.includes(name),
    damaged: damaged.get(name) ?? null,
  }));
  writeResult(output, { runs, estimate }, () => {
    const names = runs.map(({ name, done, damaged }) => {
      return done ? `${name}  (done)` : damaged === null ? name : `${name}  (damaged: ${damaged})`;
    });
    return [...names, describeEstimate(runs.length, left.length, estimate)];
  });
}

/** The kind of script that works through the runs elsewhere; null if this machine does. */
function scriptKindOf({ executor, emit }: SweepOptions): ScriptKind | null {
  if (emit !== undefined && executor !== undefined) {
    throw new InvalidInputError(
      `--executor with --emit ${emit}: --emit writes a script, --executor begins runs; leave one out`,
    );
  }
  return emit ?? (executor === "slurm" ? "slurm" : null);
}

/** Works through a sweep, submits it, or prints a script for it. */
export async function runSweep(path: string | undefined, command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const options: SweepOptions = command.opts();
  const { out = "", dryRun = false, emit: emitted } = options;
  if (path === undefined) throw new InvalidInputError("sweep reads a spec: give a YAML file, see --help");
  if (out === "") throw new InvalidInputError("sweep writes a folder: give --out DIR");
  const jobs = options.jobs === undefined
    ? null
    : wholeNumber("jobs", options.jobs, "a whole number from 1 to 1024", 1, 1024);
  const kind = scriptKindOf(options);
  const request = readRequest(path, out, givenRunOptions(command));
  if (kind === null) {
    const checked = checkLocally(request, jobs, output);
    return dryRun ? writeDryRun(checked, output) : await execute(checked, output);
  }
  const checked = checkForCluster(request, kind, jobs);
  if (dryRun) return writeDryRun(checked, output);
  await (emitted === undefined ? submit(checked, output) : emit(checked, output));
}

/** Slurm's words on the runs of a sweep, by run; null if the sweep was not submitted. */
async function clusterWords(sweep: SweepFolder, output: OutputOptions): Promise<ReadonlyMap<string, string> | null> {
  try {
    if (readJobs(sweep).length === 0) return null;
    return new Map([...await clusterStates(sweep)].map(([run, { state }]) => [run, state]));
  } catch (error) {
    // The runs' own files can be read without the cluster and its list of jobs.
    if (!(error instanceof ClusterError || error instanceof InvalidInputError)) throw error;
    remark(output, `where jobs are is not known: ${error.message}`);
    return new Map();
  }
}

/** Prints how far each run of a sweep is. */
export async function showSweep(path: string, output: OutputOptions): Promise<void> {
  const sweep = SweepFolder.open(path);
  const cluster = await clusterWords(sweep, output);
  const states = sweep.plan.runs.map((run) => readRunState(sweep, run));
  const runs = cluster === null
    ? states
    : states.map((state) => ({ ...state, cluster: cluster.get(state.name) ?? null }));
  writeResult(output, { sweep: path, runs }, () => describeStates(states, cluster));
}

/** Sends SIGTERM to the process that holds a sweep's lock. Returns why it could not, or null. */
function signal(holder: LockHolder, isHere: boolean): string | null {
  // The number may be another process's by now; a number of another machine always is.
  if (holder.pid === null || !isHere) return "its lock names no process of this machine";
  try {
    Deno.kill(holder.pid, "SIGTERM");
    return null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `process ${holder.pid} has just ended`;
    if (error instanceof Deno.errors.PermissionDenied) return `process ${holder.pid} is another user's`;
    throw error;
  }
}

/** Asks the process that works through a sweep to save and stop. Returns whether there may be such a process. */
function cancelProcess(sweep: SweepFolder, output: OutputOptions): boolean {
  const { holder, noLocks } = sweep.readLock();
  if (holder === null && noLocks === null) return false;
  const why = holder === null || noLocks !== null
    ? `its file system has no locks: ${noLocks}`
    : signal(holder, isHolderHere(holder));
  if (why === null) {
    remark(output, `${sweep.path}: process ${holder?.pid} was asked to save its runs and stop`);
    return true;
  }
  sweep.requestStop();
  const whom = holder === null ? "a process that works through it" : describeHolder(holder);
  remark(output, `${sweep.path}: no signal is sent (${why}); a request is left there for ${whom} to save and stop`);
  return true;
}

/** Asks whatever works through a sweep to save and stop. */
export async function runCancel(path: string, command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const sweep = SweepFolder.open(path);
  const isAsked = cancelProcess(sweep, output);
  const jobs = await cancelJobs(sweep);
  if (jobs.length > 0) remark(output, `${path}: job ${jobs.join(", ")} is cancelled, runs that are trained save first`);
  if (isAsked || jobs.length > 0) return;
  throw new InvalidInputError(`${path}: nothing works through its runs; there is nothing to cancel`);
}

/** Milliseconds between two looks at whether the parent process is still there. */
const PARENT_INTERVAL = 500;

/** Stops this process, as SIGTERM does, when its parent has ended: nobody is left to stop it. */
function followParent(): Disposable {
  const parent = Deno.ppid;
  const timer = setInterval(() => {
    if (Deno.ppid !== parent) Deno.kill(Deno.pid, "SIGTERM");
  }, PARENT_INTERVAL);
  Deno.unrefTimer(timer);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Completes one run of a sweep, and ends with the status of the signal that stopped it, if one did. */
export async function runSweepTask(path: string, name: string, command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const sweep = SweepFolder.open(path);
  using _parent = followParent();
  using training = new TrainingSession(output);
  const evaluation = new EvaluationSession(output);
  const observer = { remark: (line: string) => remark(output, line), training, evaluation };
  await runTask(sweep, name, givenRunOptions(command), observer);
  evaluation.conclude(`${sweep.runPath(name)}/skipped.jsonl names them`);
  if (training.stopStatus !== null) process.exitCode = training.stopStatus;
}
