/**
 * Reads the state of a sweep's run from its files.
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
 * `waiting`: not started; `stopped`: started, and no process works on it; `failed`: stopped because the last process
 * failed; `damaged`: its files cannot be read.
 */
export type SweepRunPhase = "waiting" | "running" | "stopped" | "failed" | "damaged" | "done";

/** The state of a run. */
export interface SweepRunState {
  /** Name of the run. */
  readonly name: string;
  /** Whether the run waits, runs, is done, or why it is neither. */
  readonly phase: SweepRunPhase;
  /**
   * Completed steps: the last recorded step of an active run; else the step of the last checkpoint, from which it will
   * resume.
   */
  readonly step: number;
  /** Steps of the whole run; null before the first. */
  readonly steps: number | null;
  /** Cost share minus budget of a run that is done and missed by more than one point; else null. */
  readonly budgetMissed: number | null;
  /** The reason of a failed or damaged run; else null. */
  readonly failure: string | null;
}

/** Whether an evaluation has the results of every requested protocol, in the precision asked for. */
export function covers({ networks, precision = "f32" }: Evaluation, { protocol, ...judging }: SweepJudging): boolean {
  return precision === judging.precision &&
    Object.values(networks).every(({ knn20, linear, masks, channels }) =>
      protocol.every((requested) => {
        if (requested === "knn") return knn20 !== undefined;
        if (requested === "linear") return linear?.seeds === judging["probe-seeds"];
        // Only a gated network has masks. Earlier versions measured fewer of them.
        return masks?.statics !== undefined || channels === undefined;
      })
    );
}

/** The files of a run that has started. */
export interface BegunRun {
  /** The run's folder. */
  readonly folder: RunFolder;
  /** The state in its latest checkpoint, or null before the first one. */
  readonly state: RunState | null;
  /** Its evaluation, or null if it is missing, older than the training, or not as requested. */
  readonly evaluation: Evaluation | null;
}

/**
 * Reads a run's files. @returns null if the run has not started.
 *
 * @throws {InvalidInputError} if its configuration or evaluation is damaged.
 */
export function begunRun(sweep: SweepFolder, { name, config }: PlannedRun): BegunRun | null {
  const path = sweep.runPath(name);
  if (!existsSync(path)) return null;
  const folder = RunFolder.open(path);
  const state = latestState(folder.checkpoints)?.state ?? null;
  const evaluation = folder.readEvaluation();
  // A run that was made longer outdates its evaluation.
  const isLatest = evaluation !== null && isTrained(state, config) && (evaluation.step ?? state.step) === state.step;
  return { folder, state, evaluation: isLatest && covers(evaluation, sweep.plan.judging) ? evaluation : null };
}

/** The steps of an active run; null before its first step, or while its metrics cannot be read. */
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
 * Reads the state of a run without disturbing a process that works on it. A damaged run has a state, too, so that it
 * does not hide the others.
 */
export function readRunState(sweep: SweepFolder, run: PlannedRun): SweepRunState {
  const state = orDamaged(() => stateOf(sweep, run));
  if (!(state instanceof DamagedRun)) return state;
  return { name: run.name, phase: "damaged", step: 0, steps: null, budgetMissed: null, failure: state.reason };
}
