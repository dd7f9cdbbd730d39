/**
 * What a report shows: one run, or many that differ in a few options.
 *
 * @module
 */
import { basename, resolve } from "@std/path";
import { existsSync } from "node:fs";
import { missedBudget } from "../budget/missed_budget.ts";
import { DamagedRun, orDamaged, type Scalar, type SweepFolder } from "../sweep/mod.ts";
import type { Evaluation } from "../run/evaluation_file.ts";
import type { RunConfig } from "../config/options.ts";
import type { EvaluationRecord, StepRecord } from "../run/records.ts";
import { targetOf } from "../config/network.ts";
import { RunFolder } from "../run/run_folder.ts";
import { phaseOf, type RunPhase } from "../run/run_status.ts";

/** One run as the page shows it. */
export interface ReportRun {
  /** Its folder's name. */
  readonly name: string;
  /** Its folder's path. */
  readonly path: string;
  /** Its values of the options that vary over the report's runs, by kebab-case key; the seed is not among them. */
  readonly varied: Readonly<Record<string, Scalar>>;
  /** Its configuration. */
  readonly config: RunConfig;
  /** What it takes of its data's folder and what it leaves out, in one line; null if that was not recorded. */
  readonly images: string | null;
  /** What it is doing. */
  readonly phase: RunPhase;
  /** Some of its steps in order, the first and the last among them. */
  readonly steps: readonly StepRecord[];
  /** Its evaluations during training in order. */
  readonly watches: readonly EvaluationRecord[];
  /** Its evaluation, or null if it has none yet. */
  readonly evaluation: Evaluation | null;
  /** How far its cost share is from its budget, if by more than one point when it was judged last, at its end; else null. */
  readonly budgetMissed: number | null;
}

/** Everything a page shows. */
export interface ReportData {
  /** What the page is about. */
  readonly kind: "run" | "sweep";
  /** Its name. */
  readonly title: string;
  /** The folder of the run or the sweep. */
  readonly path: string;
  /** The options that vary over the runs, by kebab-case key in the order of the table's columns; the seed is not among them. */
  readonly keys: readonly string[];
  /** The runs that have been begun, in the order of the table's rows. */
  readonly runs: readonly ReportRun[];
  /** How many runs of a sweep have not been begun. */
  readonly waiting: number;
  /** The runs of a sweep whose files cannot be read, and why. */
  readonly damaged: readonly { readonly name: string; readonly reason: string }[];
}

/** Points of all curves together: enough for a few to be smooth, and for hundreds to stay small. */
const CURVE_POINTS = 20_000;

/** How many steps to read of each run, where there are so many runs. */
export function curvePoints(runs: number): number {
  return Math.max(50, Math.min(200, Math.round(CURVE_POINTS / Math.max(1, runs))));
}

/**
 * Reads what the page shows of a run, whether it is finished or not.
 *
 * @param varied as of {@linkcode ReportRun}.
 * @param points about how many steps to read, {@linkcode curvePoints}.
 * @throws {InvalidInputError} if its evaluation is damaged.
 */
export function readReportRun(
  folder: RunFolder,
  varied: ReportRun["varied"],
  points: number,
): ReportRun {
  const { steps, evaluations } = folder.metrics.sample(points);
  const phase = phaseOf(folder, { last: steps.at(-1) ?? null, evaluation: evaluations.at(-1) ?? null });
  const evaluation = folder.readEvaluation();
  const judged = phase !== "finished" ? undefined : (evaluation ?? evaluations.at(-1))?.networks.gated;
  return {
    name: basename(resolve(folder.path)),
    path: folder.path,
    varied,
    config: folder.config,
    images: folder.images,
    phase,
    steps,
    watches: evaluations,
    evaluation,
    budgetMissed: missedBudget(judged?.cost.share, targetOf(folder.config)),
  };
}

/**
 * The report of a single run.
 *
 * @throws {InvalidInputError} if its evaluation is damaged.
 */
export function reportOfRun(folder: RunFolder): ReportData {
  const run = readReportRun(folder, {}, curvePoints(1));
  return { kind: "run", title: run.name, path: folder.path, keys: [], runs: [run], waiting: 0, damaged: [] };
}

/** The report of a sweep: of its runs that have been begun. A run that is damaged is named with its reason, and the others are shown. */
export function reportOfSweep(sweep: SweepFolder): ReportData {
  const { plan, path } = sweep;
  const begun = plan.runs.filter(({ name }) => existsSync(sweep.runPath(name)));
  const points = curvePoints(begun.length);
  const read = begun.map(({ name, varied }) => ({
    name,
    run: orDamaged(() => readReportRun(RunFolder.open(sweep.runPath(name)), varied, points)),
  }));
  return {
    kind: "sweep",
    title: basename(resolve(path)),
    path,
    keys: sweep.keys(),
    runs: read.flatMap(({ run }) => run instanceof DamagedRun ? [] : [run]),
    waiting: plan.runs.length - begun.length,
    damaged: read.flatMap(({ name, run }) => run instanceof DamagedRun ? [{ name, reason: run.reason }] : []),
  };
}
