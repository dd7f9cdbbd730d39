/**
 * Where a run of a sweep is, read from its files alone.
 *
 * @module
 */
import { existsSync } from "node:fs";
import type { Evaluation } from "../training/evaluate_run.ts";
import type { StepRecord } from "../training/records.ts";
import { RunFolder } from "../training/run_folder.ts";
import { holderOfFile } from "../training/run_lock.ts";
import { isLastStep } from "../training/run_status.ts";
import type { PlannedRun } from "./plan.ts";
import type { SweepJudging } from "./spec.ts";
import type { SweepFolder } from "./sweep_folder.ts";

/** `waiting`: not begun; `stopped`: begun, and nobody works on it; `failed`: likewise, and the last process failed. */
export type SweepRunPhase = "waiting" | "running" | "stopped" | "failed" | "done";

/** Where a run is. */
export interface SweepRunState {
  /** Its name. */
  readonly name: string;
  /** What becomes of it. */
  readonly phase: SweepRunPhase;
  /** Steps done. */
  readonly step: number;
  /** Steps of the whole run; null before the first. */
  readonly steps: number | null;
  /** Why it failed, of one that did; else null. */
  readonly failure: string | null;
}

/** Whether an evaluation says all that was asked for. */
export function covers({ networks }: Evaluation, { protocol, ...judging }: SweepJudging): boolean {
  return Object.values(networks).every(({ knn20, linear, masks, channels }) =>
    protocol.every((asked) => {
      if (asked === "knn") return knn20 !== undefined;
      if (asked === "linear") return linear?.seeds === judging["probe-seeds"];
      // Only a gated network has masks.
      return masks !== undefined || channels === undefined;
    })
  );
}

/** What there is to know of a run that has been begun. */
export interface BegunRun {
  /** Its folder. */
  readonly folder: RunFolder;
  /** Its last step, or null before the first. */
  readonly last: StepRecord | null;
  /** Its evaluation, where that says all that the sweep asks for; else null. */
  readonly evaluation: Evaluation | null;
}

/** A run that has been begun; null of one that has not. */
export function begunRun(sweep: SweepFolder, { name, config }: PlannedRun): BegunRun | null {
  const path = sweep.runPath(name);
  if (!existsSync(path)) return null;
  const folder = RunFolder.open(path);
  const last = folder.metrics.lastStep();
  const isTrained = isLastStep(last, config) && existsSync(folder.checkpoints.last());
  const evaluation = folder.readEvaluation();
  return {
    folder,
    last,
    evaluation: isTrained && evaluation !== null && covers(evaluation, sweep.plan.judging) ? evaluation : null,
  };
}

/** Reads where a run is. Nothing is written, and a process that works on it takes no notice. */
export function readRunState(sweep: SweepFolder, run: PlannedRun): SweepRunState {
  const begun = begunRun(sweep, run);
  const last = begun?.last ?? null;
  const failure = sweep.failure(run.name);
  const phase = (): SweepRunPhase => {
    if (begun !== null && begun.evaluation !== null) return "done";
    if (holderOfFile(sweep.taskLock(run.name)) !== null) return "running";
    if (failure !== null) return "failed";
    return begun === null ? "waiting" : "stopped";
  };
  const found = phase();
  return {
    name: run.name,
    phase: found,
    step: last?.step ?? 0,
    steps: last?.steps ?? null,
    failure: found === "failed" ? failure : null,
  };
}
