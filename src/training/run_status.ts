/**
 * Where a run is, read from its folder alone, whether a process trains it or not.
 *
 * @module
 */
import { existsSync } from "node:fs";
import type { RunConfig } from "./options.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";
import type { RunFolder } from "./run_folder.ts";
import { holderOf } from "./run_lock.ts";

/** `running`: a process trains it; `finished`: it has come to its end; `stopped`: it can go on. */
export type RunPhase = "running" | "finished" | "stopped";

/** Where a run is. */
export interface RunStatus {
  /** The run's folder. */
  readonly run: string;
  /** What it is doing. */
  readonly phase: RunPhase;
  /** The process that trains it, or null. */
  readonly process: number | null;
  /** Steps recorded. */
  readonly step: number;
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
  /** The last step, or null before the first. */
  readonly last: StepRecord | null;
  /** The last evaluation, or null before the first. */
  readonly evaluation: EvaluationRecord | null;
  /** The latest checkpoint, or null before the first. */
  readonly checkpoint: string | null;
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

/** Whether a step is the last one of a run. Of a run that was made longer it is not: there is none of its new length yet. */
export function isLastStep(step: StepRecord | null, { epochs }: Pick<RunConfig, "epochs">): step is StepRecord {
  return step !== null && step.step === step.steps && step.epoch + 1 === epochs;
}

/** What a run that no process trains has come to. */
function restingPhase(
  { config, checkpoints }: RunFolder,
  last: StepRecord | null,
  evaluation: EvaluationRecord | null,
): RunPhase {
  const isWhole = isLastStep(last, config);
  const isEvaluated = config.evalEvery === 0 || evaluation === null || evaluation.step === last?.step;
  return isWhole && isEvaluated && checkpoints.list().some((file) => existsSync(file)) ? "finished" : "stopped";
}

/**
 * What a run is doing.
 *
 * @param last the last step recorded, or null before the first.
 * @param evaluation the last evaluation recorded, or null before the first.
 */
export function phaseOf(run: RunFolder, last: StepRecord | null, evaluation: EvaluationRecord | null): RunPhase {
  return holderOf(run.path) !== null ? "running" : restingPhase(run, last, evaluation);
}

/** Reads where a run is. Nothing is written, and a process that trains it takes no notice. */
export function readStatus(run: RunFolder): RunStatus {
  const { config, path } = run;
  const holder = holderOf(path);
  const { steps: records, evaluation } = run.metrics.read();
  const last = records.at(-1) ?? null;
  const steps = last?.steps ?? null;
  const checkpoint = run.checkpoints.list().find((file) => existsSync(file)) ?? null;
  return {
    run: path,
    phase: holder !== null ? "running" : restingPhase(run, last, evaluation),
    process: holder === null ? null : Number(holder),
    step: last?.step ?? 0,
    steps,
    epoch: (last?.epoch ?? 0) + 1,
    epochs: config.epochs,
    secondsLeft: holder === null || steps === null ? null : secondsLeft(records, steps),
    budget: config.mode === "vanilla" ? null : config.budget,
    last,
    evaluation,
    checkpoint,
  };
}
