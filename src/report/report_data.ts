/**
 * Reads the data of a report: one run, or the runs of a sweep.
 *
 * @module
 */
import { basename, resolve } from "@std/path";
import { existsSync } from "node:fs";
import { missedBudget } from "../budget/missed_budget.ts";
import { DamagedRun, orDamaged, type Scalar, type SweepFolder } from "../sweep/mod.ts";
import type { NetworkName } from "../models/mod.ts";
import type { Evaluation } from "../run/evaluation_file.ts";
import {
  EvaluationsFolder,
  type NamedEvaluation,
  type NearestPicture,
  OWN_EVALUATION,
} from "../run/evaluations_folder.ts";
import type { RunSpeed } from "../run/speed_file.ts";
import type { RunConfig } from "../config/options.ts";
import type { EvaluationRecord, StepRecord } from "../run/records.ts";
import { targetOf } from "../config/network.ts";
import { RunFolder } from "../run/run_folder.ts";
import { phaseOf, type RunPhase } from "../run/run_status.ts";
import { readExports, type ReportExport } from "./exported_files.ts";

/** A network's picture of nearest neighbours. */
export interface NetworkPicture extends NearestPicture {
  /** The network. */
  readonly network: NetworkName;
}

/** An evaluation on images that are not the run's own. */
export interface ReportEvaluation extends NamedEvaluation {
  /** Pictures of nearest neighbours among these images; empty in the report of a sweep. */
  readonly pictures: readonly NetworkPicture[];
}

/** The data of one run. */
export interface ReportRun {
  /** Name of the run's folder. */
  readonly name: string;
  /** Path of the run's folder. */
  readonly path: string;
  /** Values of the report's varied options by kebab-case key, without the seed. */
  readonly varied: Readonly<Record<string, Scalar>>;
  /** The run's configuration. */
  readonly config: RunConfig;
  /**
   * One line about the images that the run uses and leaves out of its data folder; null if the run did not record it.
   */
  readonly images: string | null;
  /** Whether the run is training, stopped or finished. */
  readonly phase: RunPhase;
  /** A sample of the run's steps in order, including the first and the last. */
  readonly steps: readonly StepRecord[];
  /** The evaluations during training in order. */
  readonly watches: readonly EvaluationRecord[];
  /** The evaluation by `sluice evaluate`, or null if there is none yet. */
  readonly evaluation: Evaluation | null;
  /** The times of the networks in that evaluation; null if there are none. */
  readonly speed: RunSpeed | null;
  /** Pictures of nearest neighbours among the run's own images; empty in the report of a sweep. */
  readonly pictures: readonly NetworkPicture[];
  /** Networks in the run's folder of exports, by name. */
  readonly exports: readonly ReportExport[];
  /** Evaluations on other images, by name. */
  readonly others: readonly ReportEvaluation[];
  /**
   * Cost share minus budget in the last evaluation of a finished run, if it missed by more than one point; else null.
   */
  readonly budgetMissed: number | null;
  /** What is added to the logits of all gates; 0 before the run is finished, and without gates. */
  readonly opening: number;
}

/** The data of a report. */
export interface ReportData {
  /** Whether the report is about one run or a sweep. */
  readonly kind: "run" | "sweep";
  /** Name of the run or the sweep. */
  readonly title: string;
  /** Path of the run's or the sweep's folder. */
  readonly path: string;
  /** Kebab-case keys of the varied options in the order of the table's columns, without the seed. */
  readonly keys: readonly string[];
  /** The runs that have started, in the order of the table's rows. */
  readonly runs: readonly ReportRun[];
  /** Number of runs that have not started. */
  readonly waiting: number;
  /** The runs whose files cannot be read, with the reason. */
  readonly damaged: readonly { readonly name: string; readonly reason: string }[];
}

/** Points of all curves together: a few curves are smooth, and the page of hundreds of curves stays small. */
const CURVE_POINTS = 20_000;

/** The number of steps to read from each run, by the number of runs in the report. */
export function curvePoints(runs: number): number {
  return Math.max(50, Math.min(200, Math.round(CURVE_POINTS / Math.max(1, runs))));
}

/** The pictures of an evaluation's networks, as far as they were drawn in that evaluation. */
function picturesOf(folder: EvaluationsFolder, name: string, { networks, step }: Evaluation): NetworkPicture[] {
  return (Object.keys(networks) as NetworkName[]).flatMap((network) => {
    const picture = folder.readPicture(name, network, step);
    return picture === null ? [] : [{ network, ...picture }];
  });
}

/**
 * Reads the data of a run, finished or not.
 *
 * @param varied values of the varied options, see {@linkcode ReportRun.varied}.
 * @param points approximate number of steps to read, see {@linkcode curvePoints}.
 * @param hasPictures whether to read pictures of nearest neighbours; those of many runs would fill the page.
 * @throws {InvalidInputError} if an evaluation of the run is damaged.
 */
export function readReportRun(
  folder: RunFolder,
  varied: ReportRun["varied"],
  points: number,
  hasPictures = false,
): ReportRun {
  const { steps, evaluations: watches } = folder.metrics.sample(points);
  const phase = phaseOf(folder, { last: steps.at(-1) ?? null, evaluation: watches.at(-1) ?? null });
  const evaluation = folder.readEvaluation();
  const speed = folder.readSpeed();
  const evaluations = new EvaluationsFolder(folder);
  const pictures = (name: string, judged: Evaluation) => hasPictures ? picturesOf(evaluations, name, judged) : [];
  const gated = phase !== "finished" ? undefined : (evaluation ?? watches.at(-1))?.networks.gated;
  return {
    name: basename(resolve(folder.path)),
    path: folder.path,
    varied,
    config: folder.config,
    images: folder.images,
    phase,
    steps,
    watches,
    evaluation,
    speed: evaluation !== null && speed?.step === evaluation.step ? speed : null,
    pictures: evaluation === null ? [] : pictures(OWN_EVALUATION, evaluation),
    others: evaluations.read().map((judged) => ({ ...judged, pictures: pictures(judged.name, judged) })),
    exports: readExports(folder.path),
    budgetMissed: missedBudget(gated?.cost.share, targetOf(folder.config)),
    opening: gated?.opening ?? 0,
  };
}

/**
 * Reads the report of a single run.
 *
 * @throws {InvalidInputError} if an evaluation of the run is damaged.
 */
export function reportOfRun(folder: RunFolder): ReportData {
  const run = readReportRun(folder, {}, curvePoints(1), true);
  return { kind: "run", title: run.name, path: folder.path, keys: [], runs: [run], waiting: 0, damaged: [] };
}

/**
 * Reads the report of a sweep's started runs. A damaged run is listed with its reason, and does not hide the others.
 */
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
