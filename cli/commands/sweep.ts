/**
 * `sluice sweep`: many runs from one spec, on this machine or on a cluster.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import process from "node:process";
import { InvalidInputError, SluiceError } from "../../src/errors.ts";
import type { SweepEstimate, SweepFolder, SweepPlan, SweepSpec, TracedRun } from "../../src/sweep/mod.ts";
import {
  addCommonOptions,
  addExamples,
  addOutputOptions,
  addRunOptions,
  givenRunOptions,
  outputOptions,
  wholeNumber,
} from "../options.ts";
import { StopSignals } from "../stop_signals.ts";
import { type OutputOptions, remark, writeResult } from "../ui/output.ts";
import { describeEstimate, describeResults, describeStates } from "../ui/sweep.ts";
import { SweepDisplay } from "../ui/sweep_progress.ts";

/** A sweep that has been checked whole. */
interface CheckedSweep {
  readonly spec: SweepSpec;
  readonly out: string;
  readonly plan: SweepPlan;
  /** The sweep that is in the folder already, or null. */
  readonly present: SweepFolder | null;
  readonly jobs: number;
  /** GPUs that runs are given out to; 0 where the CPU computes. */
  readonly gpus: number;
  /** Runs that are not done yet. */
  readonly left: readonly string[];
  readonly estimate: SweepEstimate;
}

/** Every run with a number of threads of its own: what a run computes follows from it, and is to be the same when the sweep goes on. */
function withThreads(runs: readonly TracedRun[], present: SweepFolder | null, share: number): TracedRun[] {
  return runs.map((run) => {
    const before = present?.plan.runs.find(({ name }) => name === run.name)?.config.threads;
    return run.config.threads > 0 ? run : { ...run, config: { ...run.config, threads: before ?? share } };
  });
}

/** Runs at a time. */
function readJobs(value: unknown, usual: number): number {
  return value === undefined ? usual : wholeNumber("jobs", value, "a whole number from 1 to 1024", 1, 1024);
}

/** Reads and checks everything: nothing is written, and nothing begun. */
async function checkSweep(path: string, command: CommandUnknownOpts): Promise<CheckedSweep> {
  const { out, jobs: jobsText }: Record<string, unknown> = command.opts();
  if (typeof out !== "string" || out === "") throw new InvalidInputError("sweep writes a folder: give --out DIR");
  const { planSweep, readRunState, SweepFolder, SweepSpec, estimateSweep } = await import("../../src/sweep/mod.ts");
  const { checkImages } = await import("../sweep_request.ts");
  const { Device } = await import("../../src/device/mod.ts");
  const { resolvePrecision } = await import("../../src/training/precision.ts");
  const spec = SweepSpec.read(path);
  const traced = planSweep(spec, givenRunOptions(command));
  const { evaluate: judging, retries } = spec.contents;
  const present = SweepFolder.check(out, { runs: traced, judging, retries });
  const images = checkImages(spec, traced);
  const [first] = traced;
  using device = Device.open({ device: first?.config.device ?? "auto", threads: first?.config.threads ?? 0 });
  for (const { config } of traced) resolvePrecision(config.precision, device.description);
  const gpus = device.kind === "cuda" ? device.countOfKind() : 0;
  const jobs = readJobs(jobsText, Math.max(1, gpus));
  const share = Math.max(1, Math.floor(device.description.cores / jobs));
  const plan = { runs: withThreads(traced, present, share), judging, retries };
  const isDone = ({ name }: TracedRun) => {
    const run = present?.plan.runs.find((candidate) => candidate.name === name);
    return present !== null && run !== undefined && readRunState(present, run).phase === "done";
  };
  const left = plan.runs.map((run) => !isDone(run));
  const estimate = estimateSweep(device, images.filter((_, index) => left[index]), jobs);
  return {
    spec,
    out,
    plan,
    present,
    jobs,
    gpus,
    left: plan.runs.flatMap(({ name }, index) => left[index] ? [name] : []),
    estimate,
  };
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
    return [...names, describeEstimate(runs.length, left.length, estimate)].join("\n");
  });
}

/** The sweep's results, as far as runs are done. */
async function writeSweep(sweep: SweepFolder, output: OutputOptions): Promise<void> {
  const { summarise, writeResults } = await import("../../src/sweep/mod.ts");
  const results = await writeResults(sweep);
  writeResult(output, results, () => describeResults(results, summarise(results)));
}

/** Works through the runs on this machine. */
async function execute(checked: CheckedSweep, output: OutputOptions): Promise<void> {
  const { executeLocally, readRunState, SweepFolder } = await import("../../src/sweep/mod.ts");
  const { selfCommand } = await import("../self.ts");
  const { spec, out, plan, present, jobs, gpus, left, estimate } = checked;
  using undone = new DisposableStack();
  if (present !== null) undone.use(present.lock());
  const sweep = SweepFolder.prepare(out, spec, plan);
  if (present === null) undone.use(sweep.lock());
  remark(output, describeEstimate(plan.runs.length, left.length, estimate));
  const stop = new AbortController();
  using signals = new StopSignals((signal) => {
    remark(output, `${signal}: runs save and stop`);
    stop.abort();
  });
  using observer = new SweepDisplay(output, plan.runs.length, plan.runs.length - left.length);
  await executeLocally(sweep, {
    jobs,
    command: ({ name }, slot) => [
      ...selfCommand(),
      ...["sweep", "task", out, name],
      ...(gpus > 0 ? ["--device", `cuda:${slot % gpus}`] : []),
    ],
    observer,
    stop: stop.signal,
  });
  observer[Symbol.dispose]();
  await writeSweep(sweep, output);
  if (signals.status !== null) {
    remark(output, `stopped; the same command goes on with it`);
    process.exitCode = signals.status;
    return;
  }
  const failed = sweep.plan.runs.filter((run) => readRunState(sweep, run).phase !== "done").map(({ name }) => name);
  if (failed.length === 0) return;
  throw new SluiceError(
    `${failed.length} of ${plan.runs.length} runs failed: ${failed.join(" ")}; their logs are in ${out}/tasks`,
  );
}

async function runSweep(path: string | undefined, command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const { dryRun }: Record<string, unknown> = command.opts();
  if (path === undefined) throw new InvalidInputError("sweep reads what to do: give a YAML file, see --help");
  const checked = await checkSweep(path, command);
  if (dryRun === true) return writeDryRun(checked, output);
  await execute(checked, output);
}

/** Prints where a sweep's runs are. */
export async function showSweep(path: string, output: OutputOptions): Promise<void> {
  const { readRunState, SweepFolder } = await import("../../src/sweep/mod.ts");
  const sweep = SweepFolder.open(path);
  const states = sweep.plan.runs.map((run) => readRunState(sweep, run));
  writeResult(output, { sweep: path, runs: states }, () => describeStates(states, new Map()));
}

async function runCancel(path: string, command: CommandUnknownOpts): Promise<void> {
  const { SweepFolder } = await import("../../src/sweep/mod.ts");
  const sweep = SweepFolder.open(path);
  const holder = sweep.holder();
  if (holder === null) {
    throw new InvalidInputError(`${path}: nothing works through its runs; there is nothing to cancel`);
  }
  Deno.kill(Number(holder), "SIGTERM");
  remark(outputOptions(command), `${path}: process ${holder} was asked to save its runs and stop`);
}

function addSubcommands(sweep: CommandUnknownOpts): void {
  const task = sweep.command("task").argument("<DIR>", "folder of a sweep").argument("<RUN>", "name of a run")
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
  const command = program.command("sweep").helpCommand(false).enablePositionalOptions()
    .description("many runs from one spec: budgets x modes x seeds x anything; goes on where it was stopped")
    .argument("[SPEC]", "YAML file: base, grid or runs, seeds, evaluate, retries")
    .option("--out <DIR>", "the sweep's folder, made or gone on with; required")
    .option("--jobs <N>", "runs at a time (default: 1, with GPUs one on each)")
    .option("--dry-run", "check everything, say which runs there would be and what they take, and begin nothing")
    .action((path, _options, self) => runSweep(path, self));
  addRunOptions(command, ["data"]);
  addCommonOptions(command);
  addSubcommands(command);
  addExamples(command, [
    "sluice sweep budgets.yaml --out sweeps/budgets --dry-run",
    "sluice sweep budgets.yaml --out sweeps/budgets --jobs 2",
    "sluice sweep status sweeps/budgets",
  ]);
}
