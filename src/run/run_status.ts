/**
 * Where a run is, read from its folder alone, whether a process trains it or not.
 *
 * What a run has come to is what its latest checkpoint says: its log may be ahead of that, if the disk was full or the process was
 * killed, and then the steps ahead are trained again.
 *
 * @module
 */
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

/** `running`: a process trains it; `finished`: it has come to its end; `stopped`: it can go on. */
export type RunPhase = "running" | "finished" | "stopped";

/** Where a run is. */
export interface RunStatus {
  /** The run's folder. */
  readonly run: string;
  /** What it is doing. */
  readonly phase: RunPhase;
  /** The process that trains it, or null; also null if its lock does not say. */
  readonly process: number | null;
  /** Why the file system does not say whether a process trains the run; null if it does. */
  readonly noLocks: string | null;
  /** Steps done: those recorded if a process trains the run, else those saved, for it goes on from there. */
  readonly step: number;
  /** Steps that the latest checkpoint holds; 0 before the first. */
  readonly saved: number;
  /** Steps of the whole run; null before the first. */
  readonly steps: number | null;
  /** Present epoch, from 1. */
  readonly epoch: number;
  /** Epochs of the whole run. */
  readonly epochs: number;
  /** Estimated seconds to its end, of a run that is running; else null. */
  readonly secondsLeft: number | null;
  /** The budget asked for; null of a run without gates. */
  readonly budget: number | null;
  /**
   * Of a finished run, how far the gated network's cost share was from the budget when it was judged last, if by more than one point; else
   * null.
   */
  readonly budgetMissed: number | null;
  /** The last step recorded, or null before the first. Its numbers are NaN if they were not finite. */
  readonly last: StepRecord | null;
  /** The last evaluation recorded, or null before the first. */
  readonly evaluation: EvaluationRecord | null;
  /** The latest checkpoint, or null before the first. */
  readonly checkpoint: string | null;
  /** Why the run, which nobody trains, would fail again if it went on, in a line; null if nothing is known against it. */
  readonly failure: string | null;
  /** Numbers of the damaged lines of `metrics.jsonl`, from 1, which are left out. */
  readonly damagedLines: readonly number[];
}

/** Steps that the speed is taken from. */
const RECENT = 50;

/** Seconds that the rest takes at the speed of the latest steps; a run that went on counts its seconds anew. */
function secondsLeft(records: readonly StepRecord[], steps: number): number | null {
  const recent = records.slice(-RECENT);
  const breaks = recent.findLastIndex((record, index) => record.time < (recent[index - 1]?.time ?? 0));
  const [first, last] = [recent[Math.max(0, breaks)], recent.at(-1)];
  if (first === undefined || last === undefined || last.step === first.step) return null;
  return (last.time - first.time) / (last.step - first.step) * (steps - last.step);
}

/** What a run that no process trains has come to. */
function restingPhase(config: RunConfig, state: RunState | null, records: LastRecords): RunPhase {
  if (!isTrained(state, config)) return "stopped";
  // Only a run whose images have labels knows its networks untrained, and is evaluated.
  const isEvaluated = config.evalEvery > 0 && Object.keys(state.untrained).length > 0;
  if (isEvaluated && records.evaluation?.step !== state.step) return "stopped";
  return failureOf(config, state, records) === null ? "finished" : "stopped";
}

/** What a run is doing. */
export function phaseOf(run: RunFolder, records: LastRecords): RunPhase {
  if (readRunLock(run.path).holder !== null) return "running";
  return restingPhase(run.config, latestState(run.checkpoints)?.state ?? null, records);
}

/** What a finished run's gated network costs: by the evaluation after its last step, else by its `evaluation.json`. */
function finalShare(run: RunFolder, last: StepRecord | null, evaluation: EvaluationRecord | null): number | null {
  if (evaluation !== null && evaluation.step === last?.step) return evaluation.networks.gated?.cost.share ?? null;
  try {
    return run.readEvaluation()?.networks.gated?.cost.share ?? null;
  } catch (error) {
    // A damaged evaluation is for those to name who show it.
    if (error instanceof InvalidInputError) return null;
    throw error;
  }
}

/** Reads where a run is. Nothing is written, and a process that trains it takes no notice. */
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
  const budget = targetOf(config);
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
    budgetMissed: phase === "finished" ? missedBudget(finalShare(run, last, evaluation), budget) : null,
    last,
    evaluation,
    checkpoint: saved?.path ?? null,
    failure: holder === null ? failureOf(config, state, { last, evaluation }) : null,
    damagedLines: damaged,
  };
}
