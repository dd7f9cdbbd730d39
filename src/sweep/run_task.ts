/**
 * Completes one run of a sweep: starts or resumes its training, then evaluates it.
 *
 * @module
 */
import { withGiven } from "../config/config.ts";
import { curveCosts, trainedNetworks } from "../config/network.ts";
import { evaluateFolder, type EvaluationObserver } from "../encoders/evaluate_folder.ts";
import { describeHolder, errorLine, FileLock, unlockedWarning } from "../formats/mod.ts";
import { RunFolder } from "../run/run_folder.ts";
import type { RunSpeed } from "../run/speed_file.ts";
import { beginRun } from "../training/begin_run.ts";
import { resumeRun } from "../training/resume_run.ts";
import type { RunObserver, RunOutcome } from "../training/run_setup.ts";
import type { PlannedRun } from "./plan.ts";
import { writeResults } from "./results.ts";
import type { SweepFolder } from "./sweep_folder.ts";
import { type BegunRun, begunRun } from "./sweep_run.ts";

/** Options of the machine, by their camelCase names, that replace the plan's. */
export type GivenOptions = Readonly<Record<string, unknown>>;

/** Receives the progress of a run of a sweep. */
export interface TaskObserver {
  /** Called with a line about a lock that the run waits for, or that does not exist. */
  readonly remark: (line: string) => void;
  /** Receives the progress of the training. */
  readonly training: RunObserver;
  /** Receives the progress of the evaluation. */
  readonly evaluation: EvaluationObserver;
}

/** Trains a run to its end, from its latest checkpoint if there is one. */
async function train(
  sweep: SweepFolder,
  { name, config }: PlannedRun,
  begun: BegunRun | null,
  given: GivenOptions,
  observer: RunObserver,
): Promise<RunOutcome> {
  const path = sweep.runPath(name);
  return begun === null
    ? await beginRun({ flags: { ...config, ...given } }, path, observer)
    : await resumeRun(path, { given, stretchSchedule: false, acceptChangedImages: false }, observer);
}

/** Evaluates a run as the sweep's plan says, and stores the evaluation in the run's folder. */
function evaluate(sweep: SweepFolder, name: string, given: GivenOptions, observer: EvaluationObserver): void {
  const { protocol, probe, "probe-seeds": probeSeeds, precision } = sweep.plan.judging;
  const run = RunFolder.open(sweep.runPath(name));
  const networks = trainedNetworks(run.config.mode);
  const budgets = networks.includes("gated") ? curveCosts(run.config) : [];
  const judging = { protocols: protocol, probe, probeSeeds, precision, networks, budgets };
  const place = { ...withGiven(run.config, given), isKept: true };
  let speed: RunSpeed | null = null;
  run.writeEvaluation(evaluateFolder(run, judging, place, observer, (timed) => speed = timed));
  if (speed !== null) run.writeSpeed(speed);
}

/** Trains and evaluates a run. @returns false if the observer stopped the training. */
async function complete(
  sweep: SweepFolder,
  run: PlannedRun,
  given: GivenOptions,
  { training, evaluation }: TaskObserver,
): Promise<boolean> {
  const begun = begunRun(sweep, run);
  const { isNew, stopped } = await train(sweep, run, begun, given, training);
  if (stopped) return false;
  // Training further makes an earlier evaluation out of date.
  if (isNew || begun === null || begun.evaluation === null) evaluate(sweep, run.name, given, evaluation);
  return true;
}

/**
 * Completes a run, after waiting for another process that works on it. Records a failure in the sweep's folder, and
 * updates the sweep's results.
 *
 * @param given options of the machine, such as the device, that replace the plan's.
 * @returns false if the observer stopped the training.
 * @throws {SluiceError} if the run fails.
 */
export async function runTask(
  sweep: SweepFolder,
  name: string,
  given: Readonly<Record<string, unknown>>,
  observer: TaskObserver,
): Promise<boolean> {
  const run = sweep.run(name);
  using lock = await FileLock.takeWhenFree(sweep.taskLock(name), name, (holder) => {
    observer.remark(`${name}: waiting for ${describeHolder(holder)}, which works on it`);
  });
  const warning = unlockedWarning(lock);
  if (warning !== null) observer.remark(warning);
  try {
    if (!await complete(sweep, run, given, observer)) return false;
    lock.check();
    sweep.setFailure(name, null);
  } catch (error) {
    lock.check();
    sweep.setFailure(name, errorLine(error));
    throw error;
  }
  await writeResults(sweep);
  return true;
}
