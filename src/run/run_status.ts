/**
 * Reads the status of a run from its folder, whether a process trains it or not.
 *
 * The latest checkpoint decides how far a run is. Its log may be ahead if the disk was full or the process was killed;
 * those steps are then trained again.
 *
 * @module
 */
import type { Budget } from "../config/budget_range.ts";
import { missedBudget } from "../budget/missed_budget.ts";
import { InvalidInputError } from "../errors.ts";
import { latestState } from "./checkpoint.ts";
import type { RunConfig } from "../config/options.ts";
import { targetOf } from "../config/network.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";
import type { RunFolder } from "./run_folder.ts";
import { failureOf, type LastRecords } from "./run_health.ts";
import { isTrained, stepsFrom } from "./run_length.ts";
import { readRunLock } from "./run_lock.ts";
import type { RunState } from "./run_state.ts";

/** `running`: a process trains the run; `finished`: the run came to its end; `stopped`: the run can resume. */
export type RunPhase = "running" | "finished" | "stopped";

/** The status of a run. */
export interface RunStatus {
  /** The run's folder. */
  readonly run: string;
  /** Whether it is running, finished or stopped. */
  readonly phase: RunPhase;
  /** Number of the process that trains it; null if none does, or the lock does not say. */
  readonly process: number | null;
  /** Why the file system cannot tell whether a process trains the run; null if it can. */
  readonly noLocks: string | null;
  /** Steps done: the recorded steps of a running run, else the saved ones, where it would resume. */
  readonly step: number;
  /** Steps of the latest checkpoint; 0 before the first. */
  readonly saved: number;
  /** Steps of the whole run; null before the first. */
  readonly steps: number | null;
  /** The present epoch, counted from 1. */
  readonly epoch: number;
  /** Epochs of the whole run. */
  readonly epochs: number;
  /** Estimated seconds to the end of a running run; else null. */
  readonly secondsLeft: number | null;
  /** The target budget, or the range of a run of many; null for a run without gates. */
  readonly budget: Budget | null;
  /**
   * The gated network's cost share at its last evaluation minus the budget, if the run is finished and the difference
   * is more than one point; else null.
   */
  readonly budgetMissed: number | null;
  /** The last recorded step, or null before the first. Numbers that were not finite are NaN. */
  readonly last: StepRecord | null;
  /** The last recorded evaluation, or null before the first. */
  readonly evaluation: EvaluationRecord | null;
  /** Path of the latest checkpoint, or null before the first. */
  readonly checkpoint: string | null;
  /** Why the run would fail again if it resumed, in a line; null if no reason is known, or a process trains it. */
  readonly failure: string | null;
  /** Numbers of the damaged lines of `metrics.jsonl`, counted from 1; they are left out. */
  readonly damagedLines: readonly number[];
}

/** The speed is the mean over this many steps. */
const RECENT = 50;

/**
 * Estimated seconds for the steps that are left, by the speed of the last steps. A run that resumes counts its seconds
 * from 0 again.
 */
function secondsLeft(records: readonly StepRecord[], steps: number): number | null {
  const recent = records.slice(-RECENT);
  const breaks = recent.findLastIndex((record, index) => record.time < (recent[index - 1]?.time ?? 0));
  const [first, last] = [recent[Math.max(0, breaks)], recent.at(-1)];
  if (first === undefined || last === undefined || last.step === first.step) return null;
  return (last.time - first.time) / (last.step - first.step) * (steps - last.step);
}

/** The phase of a run that no process trains. */
function restingPhase(config: RunConfig, state: RunState | null, records: LastRecords): RunPhase {
  if (!isTrained(state, config)) return "stopped";
  // A run is evaluated only if its images have labels; only then does its state hold the untrained networks.
  const isEvaluated = config.evalEvery > 0 && Object.keys(state.untrained).length > 0;
  if (isEvaluated && records.evaluation?.step !== state.step) return "stopped";
  return failureOf(config, state, records) === null ? "finished" : "stopped";
}

/** The phase of a run. */
export function phaseOf(run: RunFolder, records: LastRecords): RunPhase {
  if (readRunLock(run.path).holder !== null) return "running";
  return restingPhase(run.config, latestState(run.checkpoints)?.state ?? null, records);
}

/** The cost share of a finished run: from the evaluation after its last step, else from its `evaluation.json`. */
function finalShare(run: RunFolder, last: StepRecord | null, evaluation: EvaluationRecord | null): number | null {
  if (evaluation !== null && evaluation.step === last?.step) return evaluation.networks.gated?.cost.share ?? null;
  try {
    return run.readEvaluation()?.networks.gated?.cost.share ?? null;
  } catch (error) {
    // Whoever shows the evaluation reports the damage.
    if (error instanceof InvalidInputError) return null;
    throw error;
  }
}

/** Reads the status of a run. It writes nothing, and does not disturb a process that trains the run. */
export function readStatus(run: RunFolder): RunStatus {
  const { config, path } = run;
  const { holder, noLocks } = readRunLock(path);
  const { steps: records, evaluation, damaged } = run.metrics.read();
  const last = records.at(-1) ?? null;
  const saved = latestState(run.checkpoints);
  const state = saved?.state ?? null;
  const steps = state === null ? last?.steps ?? null : stepsFrom(state, config);
  const step = holder === null ? state?.step ?? 0 : last?.step ?? 0;
  const phase = holder !== null ? "running" : restingPhase(config, state, { last, evaluation });
  const budget = config.mode === "vanilla" ? null : config.budget;
  return {
    run: path,
    phase,
    process: holder?.pid ?? null,
    noLocks,
    step,
    saved: state?.step ?? 0,
    steps,
    epoch: steps === null ? 1 : Math.max(1, Math.ceil(step * config.epochs / steps)),
    epochs: config.epochs,
    secondsLeft: holder === null || steps === null ? null : secondsLeft(records, steps),
    budget,
    budgetMissed: phase === "finished" ? missedBudget(finalShare(run, last, evaluation), targetOf(config)) : null,
    last,
    evaluation,
    checkpoint: saved?.path ?? null,
    failure: holder === null ? failureOf(config, state, { last, evaluation }) : null,
    damagedLines: damaged,
  };
}
