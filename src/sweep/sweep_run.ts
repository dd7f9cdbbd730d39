/**
 * Where a run of a sweep is, read from its files alone.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync } from "node:fs";
import { readLock } from "../formats/mod.ts";
import type { Evaluation } from "../run/evaluation_file.ts";
import { latestState } from "../run/checkpoint.ts";
import { MetricsFile } from "../run/metrics_file.ts";
import { RunFolder } from "../run/run_folder.ts";
import { isTrained, stepsFrom } from "../run/run_length.ts";
import type { RunState } from "../run/run_state.ts";
import { DamagedRun, orDamaged } from "./damaged_run.ts";
import type { PlannedRun } from "./plan.ts";
import type { RunSteps } from "./progress.ts";
import type { SweepJudging } from "./spec.ts";
import type { SweepFolder } from "./sweep_folder.ts";

/**
 * `waiting`: not begun; `stopped`: begun, and no process works on it; `failed`: the same, and the last process failed; `damaged`: its
 * files cannot be read.
 */
export type SweepRunPhase = "waiting" | "running" | "stopped" | "failed" | "damaged" | "done";

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
  /** Of a run that is done, how far its cost share is from its budget, if by more than one point; else null. */
  readonly budgetMissed: number | null;
  /** Why it failed, or what is damaged; null of a run that neither failed nor is damaged. */
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

/**
 * Reads a run that has been begun; null of a run that has not.
 *
 * @throws {InvalidInputError} if its configuration or evaluation is damaged.
 */
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

/** Where a run is that a process works on; null before its first step, or if that cannot be read at the moment. */
export function readSteps(sweep: SweepFolder, name: string): RunSteps | null {
  const last = orDamaged(() => new MetricsFile(join(sweep.runPath(name), "metrics.jsonl")).lastStep());
  if (last === null || last instanceof DamagedRun || !(last.steps > 0)) return null;
  return { step: last.step, steps: last.steps };
}

function stateOf(sweep: SweepFolder, run: PlannedRun): SweepRunState {
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
    budgetMissed: begun?.evaluation?.budgetMissed ?? null,
    failure: found === "failed" ? failure : null,
  };
}

/**
 * Reads where a run is. Nothing is written, and a process that works on it takes no notice. A damaged run is a state like the others: it
 * does not hide them.
 */
export function readRunState(sweep: SweepFolder, run: PlannedRun): SweepRunState {
  const state = orDamaged(() => stateOf(sweep, run));
  if (!(state instanceof DamagedRun)) return state;
  return { name: run.name, phase: "damaged", step: 0, steps: null, budgetMissed: null, failure: state.reason };
}
