/**
 * `sluice sweep`: many runs from one spec, on this machine or on a cluster.
 *
 * @module
 */
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { ClusterError, InvalidInputError } from "../../src/errors.ts";
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
import { type Executor, executors, type ScriptKind, scriptKinds } from "../sweep_kinds.ts";
import type { CheckedSweep } from "../sweep_request.ts";
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
function writeDryRun({ plan, left, estimate }: CheckedSweep, output: OutputOptions): void {
  const runs = plan.runs.map(({ name, varied, config }) => ({
    name,
    varied,
    seed: config.seed,
    done: !left.includes(name),
  }));
  writeResult(output, { runs, estimate }, () => {
    const names = runs.map(({ name, done }) => done ? `${name}  (done)` : name);
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
  const { readRequest } = await import("../sweep_request.ts");
  const request = readRequest(path, out, givenRunOptions(command));
  if (kind === null) {
    const { checkLocally, execute } = await import("../sweep_local.ts");
    const checked = checkLocally(request, jobs);
    return dryRun ? writeDryRun(checked, output) : await execute(checked, output);
  }
  const { checkForCluster, emit, submit } = await import("../sweep_cluster.ts");
  const checked = checkForCluster(request, kind, jobs);
  if (dryRun) return writeDryRun(checked, output);
  return emitted === undefined ? await submit(checked, output) : emit(checked, output);
}

/** Slurm's words on the runs of a sweep, by their names; null where it was not submitted. */
async function clusterWords(sweep: SweepFolder, output: OutputOptions): Promise<ReadonlyMap<string, string> | null> {
  const { clusterStates, readJobs } = await import("../../src/sweep/mod.ts");
  if (readJobs(sweep).length === 0) return null;
  try {
    return new Map([...await clusterStates(sweep)].map(([run, { state }]) => [run, state]));
  } catch (error) {
    // The runs' files are as readable without it.
    if (!(error instanceof ClusterError)) throw error;
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

async function runCancel(path: string, command: CommandUnknownOpts): Promise<void> {
  const { cancelJobs, SweepFolder } = await import("../../src/sweep/mod.ts");
  const output = outputOptions(command);
  const sweep = SweepFolder.open(path);
  const holder = sweep.holder();
  if (holder !== null) {
    Deno.kill(Number(holder), "SIGTERM");
    remark(output, `${path}: process ${holder} was asked to save its runs and stop`);
  }
  const jobs = await cancelJobs(sweep);
  if (jobs.length > 0) remark(output, `${path}: job ${jobs.join(", ")} is cancelled, runs that are trained save first`);
  if (holder !== null || jobs.length > 0) return;
  throw new InvalidInputError(`${path}: nothing works through its runs; there is nothing to cancel`);
}

function addSubcommands(sweep: CommandUnknownOpts): void {
  const task = sweep.command("task").argument("<DIR>", "folder of a sweep").argument("<NAME>", "name of a run")
    .description("does what is left of one run: what executors and scripts start")
    .action(async (path, name, _options, self) => {
      const { runTask } = await import("../sweep_task.ts");
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
