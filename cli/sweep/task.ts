/**
 * What one run of a sweep takes, from wherever it is: training, going on with it, and evaluation.
 *
 * @module
 */
import process from "node:process";
import type { BegunRun, PlannedRun, SweepFolder } from "../../src/sweep/mod.ts";
import type { TrainingOutcome } from "../training.ts";
import { type OutputOptions, remark, remarkNoLocks } from "../ui/output.ts";

/** Milliseconds between two looks at whether the program that started this one is still there. */
const PARENT_INTERVAL = 500;

/** Stops this process, as SIGTERM does, when the program that started it is no more: nobody is left to stop it. */
function followParent(): Disposable {
  const parent = Deno.ppid;
  const timer = setInterval(() => {
    if (Deno.ppid !== parent) Deno.kill(Deno.pid, "SIGTERM");
  }, PARENT_INTERVAL);
  Deno.unrefTimer(timer);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Trains the run to its end, from wherever it is. */
async function train(
  sweep: SweepFolder,
  { name, config }: PlannedRun,
  begun: BegunRun | null,
  given: Readonly<Record<string, unknown>>,
  output: OutputOptions,
): Promise<TrainingOutcome> {
  const { beginRun, resumeRun } = await import("../training.ts");
  const path = sweep.runPath(name);
  return begun === null
    ? await beginRun({ flags: { ...config, ...given } }, path, output)
    : await resumeRun(path, { given, stretchSchedule: false, acceptChangedImages: false }, output);
}

/** Evaluates the run as the sweep asks, and writes that down in its folder. */
async function evaluate(
  sweep: SweepFolder,
  name: string,
  given: Readonly<Record<string, unknown>>,
  output: OutputOptions,
): Promise<void> {
  const { RunFolder } = await import("../../src/run/run_folder.ts");
  const { evaluateFolder } = await import("../evaluating.ts");
  const { trainedNetworks } = await import("../../src/config/network.ts");
  const { resolveConfig } = await import("../../src/config/config.ts");
  const { protocol, probe, "probe-seeds": probeSeeds } = sweep.plan.judging;
  const run = RunFolder.open(sweep.runPath(name));
  const judging = { protocols: protocol, probe, probeSeeds, networks: trainedNetworks(run.config.mode) };
  const where = { ...resolveConfig({ flags: { ...run.config, ...given } }), isKept: true };
  run.writeEvaluation(await evaluateFolder(run, judging, where, output));
}

/** Trains and evaluates; the status of the signal that stopped it, or null. */
async function complete(
  sweep: SweepFolder,
  run: PlannedRun,
  given: Readonly<Record<string, unknown>>,
  output: OutputOptions,
): Promise<number | null> {
  const { begunRun } = await import("../../src/sweep/mod.ts");
  const begun = begunRun(sweep, run);
  const { isNew, stopStatus } = await train(sweep, run, begun, given, output);
  if (stopStatus !== null) return stopStatus;
  // An evaluation of what was trained before is none of what it is now.
  if (isNew || begun === null || begun.evaluation === null) await evaluate(sweep, run.name, given, output);
  return null;
}

/**
 * Does what is left of a run, once no other process works on it. How that ended is written down in the sweep's folder, and the
 * results are brought up to date.
 *
 * @param given where to compute, by the options' camelCase names, where that is not the plan's.
 */
export async function runTask(
  path: string,
  name: string,
  given: Readonly<Record<string, unknown>>,
  output: OutputOptions,
): Promise<void> {
  const { SweepFolder, writeResults } = await import("../../src/sweep/mod.ts");
  const { describeHolder, errorLine, FileLock } = await import("../../src/formats/mod.ts");
  const sweep = SweepFolder.open(path);
  const run = sweep.run(name);
  using _parent = followParent();
  using lock = await FileLock.takeWhenFree(sweep.taskLock(name), name, (holder) => {
    remark(output, `${name}: waits for ${describeHolder(holder)}, which works on it`);
  });
  remarkNoLocks(output, lock);
  try {
    const stopStatus = await complete(sweep, run, given, output);
    if (stopStatus !== null) {
      process.exitCode = stopStatus;
      return;
    }
    lock.check();
    sweep.setFailure(name, null);
  } catch (error) {
    lock.check();
    sweep.setFailure(name, errorLine(error));
    throw error;
  }
  await writeResults(sweep);
}
