/**
 * Where a run of a sweep is, read from its files alone.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { readLock } from "../formats/mod.ts";
import type { Evaluation } from "../training/evaluate_run.ts";
import { latestState } from "../training/checkpoint.ts";
import { RunFolder } from "../training/run_folder.ts";
import { isTrained, stepsFrom } from "../training/run_length.ts";
import type { RunState } from "../training/run_state.ts";
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
  /** Steps done: those recorded if a process works on the run, else those saved, for it goes on from there. */
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
  /** What its latest checkpoint says, or null before the first. */
  readonly state: RunState | null;
  /** Its evaluation if that is of the whole run and says all that the sweep asks for; else null. */
  readonly evaluation: Evaluation | null;
}

/** A run that has been begun; null of one that has not. */
export function begunRun(sweep: SweepFolder, { name, config }: PlannedRun): BegunRun | null {
  const path = sweep.runPath(name);
  if (!existsSync(path)) return null;
  const folder = RunFolder.open(path);
  const state = latestState(folder.checkpoints)?.state ?? null;
  const evaluation = folder.readEvaluation();
  // An evaluation from before the run was made longer is none of what it is now.
  const isLatest = evaluation !== null && isTrained(state, config) && (evaluation.step ?? state.step) === state.step;
  return { folder, state, evaluation: isLatest && covers(evaluation, sweep.plan.judging) ? evaluation : null };
}

/** Reads where a run is. Nothing is written, and a process that works on it takes no notice. */
export function readRunState(sweep: SweepFolder, run: PlannedRun): SweepRunState {
  const begun = begunRun(sweep, run);
  const failure = sweep.failure(run.name);
  const phase = (): SweepRunPhase => {
    if (begun !== null && begun.evaluation !== null) return "done";
    if (readLock(sweep.taskLock(run.name)).holder !== null) return "running";
    if (failure !== null) return "failed";
    return begun === null ? "waiting" : "stopped";
  };
  const found = phase();
  const last = begun?.folder.metrics.lastStep() ?? null;
  const state = begun?.state ?? null;
  return {
    name: run.name,
    phase: found,
    step: found === "running" ? last?.step ?? 0 : state?.step ?? 0,
    steps: state === null ? last?.steps ?? null : stepsFrom(state, run.config),
    failure: found === "failed" ? failure : null,
  };
}
