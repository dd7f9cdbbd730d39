/**
 * `sluice sweep`: many runs from one spec, on this machine or on a cluster.
 *
 * @module
 */
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { ClusterError, InvalidInputError } from "../../src/errors.ts";
import type { LockHolder } from "../../src/formats/mod.ts";
import type { SweepFolder } from "../../src/sweep/mod.ts";
import {
  addCommonOptions,
  addExamples,
  addOutputOptions,
  addRunOptions,
  givenRunOptions,
  outputOptions,
  wholeNumber,
} from "../options.ts";
import { type Executor, executors, type ScriptKind, scriptKinds } from "../sweep/kinds.ts";
import type { CheckedSweep } from "../sweep/request.ts";
import { type OutputOptions, remark, writeResult } from "../ui/output.ts";
import { describeEstimate, describeStates } from "../ui/sweep.ts";

/** What `sweep` takes besides a run's options. */
interface SweepOptions {
  readonly out?: string;
  readonly jobs?: string;
  readonly dryRun?: true;
  readonly executor?: Executor;
  readonly emit?: ScriptKind;
}

/** Which runs there would be, and what they would take. */
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

/** The script that works through the runs elsewhere; null where this machine does. */
function scriptKindOf({ executor, emit }: SweepOptions): ScriptKind | null {
  if (emit !== undefined && executor !== undefined) {
    throw new InvalidInputError(
      `--executor beside --emit ${emit}: a script is written or runs are begun; leave one out`,
    );
  }
  return emit ?? (executor === "slurm" ? "slurm" : null);
}

async function runSweep(path: string | undefined, command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const options: SweepOptions = command.opts();
  const { out = "", dryRun = false, emit: emitted } = options;
  if (path === undefined) throw new InvalidInputError("sweep reads what to do: give a YAML file, see --help");
  if (out === "") throw new InvalidInputError("sweep writes a folder: give --out DIR");
  const jobs = options.jobs === undefined
    ? null
    : wholeNumber("jobs", options.jobs, "a whole number from 1 to 1024", 1, 1024);
  const kind = scriptKindOf(options);
  const { readRequest } = await import("../sweep/request.ts");
  const request = readRequest(path, out, givenRunOptions(command));
  if (kind === null) {
    const { checkLocally, execute } = await import("../sweep/local.ts");
    const checked = checkLocally(request, jobs);
    return dryRun ? writeDryRun(checked, output) : await execute(checked, output);
  }
  const { checkForCluster, emit, submit } = await import("../sweep/cluster.ts");
  const checked = checkForCluster(request, kind, jobs);
  if (dryRun) return writeDryRun(checked, output);
  await (emitted === undefined ? submit(checked, output) : emit(checked, output));
}

/** Slurm's words on the runs of a sweep, by their names; null where it was not submitted. */
async function clusterWords(sweep: SweepFolder, output: OutputOptions): Promise<ReadonlyMap<string, string> | null> {
  const { clusterStates, readJobs } = await import("../../src/sweep/mod.ts");
  try {
    if (readJobs(sweep).length === 0) return null;
    return new Map([...await clusterStates(sweep)].map(([run, { state }]) => [run, state]));
  } catch (error) {
    // The runs' files are as readable without the cluster, or the list of its jobs.
    if (!(error instanceof ClusterError || error instanceof InvalidInputError)) throw error;
    remark(output, `where jobs are is not known: ${error.message}`);
    return new Map();
  }
}

/** Prints where a sweep's runs are. */
export async function showSweep(path: string, output: OutputOptions): Promise<void> {
  const { readRunState, SweepFolder } = await import("../../src/sweep/mod.ts");
  const sweep = SweepFolder.open(path);
  const cluster = await clusterWords(sweep, output);
  const states = sweep.plan.runs.map((run) => readRunState(sweep, run));
  const runs = cluster === null
    ? states
    : states.map((state) => ({ ...state, cluster: cluster.get(state.name) ?? null }));
  writeResult(output, { sweep: path, runs }, () => describeStates(states, cluster));
}

/** Why a process that holds a sweep's lock gets no signal; null if it was sent. */
function signal(holder: LockHolder, isHere: boolean): string | null {
  // A number alone may be another process's by now, and a number of another machine always is.
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

/** Asks the process that works through a sweep to save and stop; whether there may be one. */
async function cancelProcess(sweep: SweepFolder, output: OutputOptions): Promise<boolean> {
  const { describeHolder, isHolderHere } = await import("../../src/formats/mod.ts");
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

async function runCancel(path: string, command: CommandUnknownOpts): Promise<void> {
  const { cancelJobs, SweepFolder } = await import("../../src/sweep/mod.ts");
  const output = outputOptions(command);
  const sweep = SweepFolder.open(path);
  const isAsked = await cancelProcess(sweep, output);
  const jobs = await cancelJobs(sweep);
  if (jobs.length > 0) remark(output, `${path}: job ${jobs.join(", ")} is cancelled, runs that are trained save first`);
  if (isAsked || jobs.length > 0) return;
  throw new InvalidInputError(`${path}: nothing works through its runs; there is nothing to cancel`);
}

function addSubcommands(sweep: CommandUnknownOpts): void {
  const task = sweep.command("task").argument("<DIR>", "folder of a sweep").argument("<NAME>", "name of a run")
    .description("does what is left of one run: what executors and scripts start")
    .action(async (path, name, _options, self) => {
      const { runTask } = await import("../sweep/task.ts");
      await runTask(path, name, givenRunOptions(self), outputOptions(self));
    });
  addCommonOptions(task);
  const status = sweep.command("status").argument("<DIR>", "folder of a sweep")
    .description("where each run is")
    .action((path, _options, self) => showSweep(path, outputOptions(self)));
  const cancel = sweep.command("cancel").argument("<DIR>", "folder of a sweep")
    .description("has runs that are being trained save and stop, and begins no others")
    .action((path, _options, self) => runCancel(path, self));
  for (const command of [status, cancel]) addOutputOptions(command);
  addExamples(task, ["sluice sweep task sweeps/budgets budget=0.3,seed=1"]);
  addExamples(status, ["sluice sweep status sweeps/budgets", "sluice sweep status sweeps/budgets --json"]);
  addExamples(cancel, ["sluice sweep cancel sweeps/budgets"]);
}

/** Adds `sweep` with its subcommands to the program. */
export function addSweep(program: CommandUnknownOpts): void {
  const executor = new Option(
    `--executor <${executors.join("|")}>`,
    "what works through the runs: this machine, or Slurm, as a job array",
  ).choices(executors);
  const emit = new Option(
    `--emit <${scriptKinds.join("|")}>`,
    "print a script that does what is left, and begin nothing",
  ).choices(scriptKinds);
  const command = program.command("sweep").helpCommand(false).enablePositionalOptions().optionsGroup("Sweep:")
    .description("many runs from one spec: budgets x modes x seeds x anything; goes on where it was stopped")
    .argument("[SPEC]", "YAML file: base, grid or runs, seeds, evaluate, retries, slurm, kubernetes")
    .option("-o, --out <DIR>", "the sweep's folder, made or gone on with; required")
    .option("--jobs <N>", "runs at a time (default: 1, with GPUs one on each; on a cluster as the spec says, or all)")
    .option("--dry-run", "check everything, say which runs there would be and what they take, and begin nothing")
    .addOption(executor).addOption(emit)
    .action((path, _options, self) => runSweep(path, self));
  addRunOptions(command, ["data"]);
  addCommonOptions(command);
  addSubcommands(command);
  addExamples(command, [
    "sluice sweep budgets.yaml --out sweeps/budgets --dry-run",
    "sluice sweep budgets.yaml --out sweeps/budgets --jobs 2",
    "sluice sweep budgets.yaml --out sweeps/budgets --executor slurm",
    "sluice sweep status sweeps/budgets",
    "sluice sweep budgets.yaml --out sweeps/budgets --emit sh > budgets.sh",
    "sluice sweep budgets.yaml --out /shared/budgets --emit k8s | kubectl create -f -",
  ]);
}
