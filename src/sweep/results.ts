/**
 * Collects a sweep's results, a row for each network of each run, and writes them as JSON and CSV.
 *
 * @module
 */
import { targetOf } from "../config/network.ts";
import { join } from "@std/path";
// std's stringify escapes no formulas, and ends lines with CRLF.
import { stringify } from "csv-stringify/sync";
import type { FeatureAccuracy, MaskWorth, NetworkEvaluation } from "../evaluation/mod.ts";
import { staticWorthOf } from "../evaluation/mask_worth.ts";
import { FileLock, writeFileAtomically } from "../formats/mod.ts";
import type { Pass } from "../models/mod.ts";
import type { RunConfig } from "../config/options.ts";
import type { StoredEvaluation } from "../run/evaluation_file.ts";
import type { Precision } from "../tensor/mod.ts";
import { DamagedRun, orDamaged } from "./damaged_run.ts";
import type { PlannedRun } from "./plan.ts";
import { begunRun, readRunState } from "./sweep_run.ts";
import type { Scalar } from "./spec.ts";
import type { SweepFolder } from "./sweep_folder.ts";

/** Accuracies in percent; null if the evaluation left out the protocol. */
export interface Accuracies {
  /** k-NN with 20 neighbours, cosine similarity and weighted votes. */
  readonly knn20: number | null;
  /** Linear probe, mean over the probe's seeds. */
  readonly probeTop1: number | null;
}

/** What the protocol `masks` measured of a gated network; every value is null if the evaluation left it out. */
export interface MaskAccuracies {
  /** One mask for all images: the static mask to compare with. */
  readonly staticMask: {
    /** Measured share of the dense network's MACs. */
    readonly cost: number | null;
    /** With the norms as they are. */
    readonly asIs: Accuracies;
    /** With norms recalibrated under the mask. */
    readonly recalibrated: Accuracies;
  };
  /** Each image under the oracle's masks, with recalibrated norms. */
  readonly oracle: Accuracies;
  /** How much masks vary: 0 if all images have one mask, 1 if masks vary as much as their cost allows. */
  readonly rho: number | null;
}

/** The results of one network of one run. */
export interface ResultRow extends Accuracies, MaskAccuracies {
  /** Name of the run. */
  readonly run: string;
  /** The network. */
  readonly network: Pass;
  /** The varied options by their kebab-case keys, without the seed. */
  readonly varied: Readonly<Record<string, Scalar>>;
  /** Seed of the run. */
  readonly seed: number;
  /** The budget, of a run of many the one that the row is about; null for a network without gates. */
  readonly target: number | null;
  /** Measured share of the dense network's MACs. */
  readonly cost: number;
  /** cost - target, if that is more than one point in either direction; else null. */
  readonly budgetMissed: number | null;
  /** Measured MACs for one image. */
  readonly macs: number;
  /** What is added to the logits of all gates; null if the network has no gates, or they have no opening. */
  readonly opening: number | null;
  /** The precision of the network's passes in the evaluation. */
  readonly precision: Precision;
  /** Accuracy of the nearest neighbour by Euclidean distance, in percent. */
  readonly knn1: number | null;
  /** Top-5 accuracy of the linear probe in percent. */
  readonly probeTop5: number | null;
  /** Accuracies of the same network before training. */
  readonly untrained: Accuracies;
  /** Accuracies with raw pixels as features. */
  readonly rawPixels: Accuracies;
  /** Seconds that training took. */
  readonly wallSeconds: number;
}

/** The document in `results.json`. */
export interface SweepResults {
  /** Path of the sweep's folder. */
  readonly sweep: string;
  /** Kebab-case keys of the varied options, without the seed. */
  readonly keys: readonly string[];
  /** Number of planned runs. */
  readonly planned: number;
  /** Number of runs that are done. */
  readonly done: number;
  /** The rows of the runs that are done, in the order of the plan. */
  readonly rows: readonly ResultRow[];
  /** The runs that failed or are damaged, in the order of the plan. */
  readonly failures: readonly RunFailure[];
}

/** A run without results, and the reason. */
export interface RunFailure {
  /** Name of the run. */
  readonly run: string;
  /** `failed` if the last process failed, `damaged` if the run's files cannot be read. */
  readonly phase: "failed" | "damaged";
  /** The reason in one line. */
  readonly reason: string;
}

function accuracies({ knn20, linear }: FeatureAccuracy = {}): Accuracies {
  return { knn20: knn20 ?? null, probeTop1: linear?.top1 ?? null };
}

function maskAccuracies(masks: MaskWorth | undefined): MaskAccuracies {
  const { asIs, recalibrated } = masks === undefined ? {} : staticWorthOf(masks);
  return {
    staticMask: {
      cost: asIs?.cost.share ?? null,
      asIs: accuracies(asIs),
      recalibrated: accuracies(recalibrated),
    },
    oracle: accuracies(masks?.oracle),
    rho: masks?.rho ?? null,
  };
}

/** A network of a run at its budget, or at one of many. */
interface JudgedNetwork {
  readonly network: Pass;
  readonly target: number | null;
  readonly found: NetworkEvaluation;
}

/** The networks of an evaluation; the gated one of a run of many budgets at each that was judged. */
function judgedNetworks({ networks, budgets }: StoredEvaluation, config: RunConfig): JudgedNetwork[] {
  return (["dense", "gated"] as const).flatMap((network): JudgedNetwork[] => {
    const found = networks[network];
    if (found === undefined) return [];
    if (network === "gated" && budgets !== undefined) {
      return budgets.map(({ budget: target, ...found }) => ({ network, target, found }));
    }
    return [{ network, target: network === "gated" ? targetOf(config) : null, found }];
  });
}

/** A row for each network of a run, and for each of many budgets; none if the run is not done. */
function rowsOf(sweep: SweepFolder, run: PlannedRun): ResultRow[] {
  const begun = begunRun(sweep, run);
  if (begun === null || begun.evaluation === null) return [];
  const { precision = "f32", budgetMissed, references: { untrained, rawPixels } } = begun.evaluation;
  const wallSeconds = begun.folder.metrics.seconds();
  return judgedNetworks(begun.evaluation, run.config).map(({ network, target, found }) => {
    return {
      run: run.name,
      network,
      varied: run.varied,
      seed: run.config.seed,
      target,
      cost: found.cost.share,
      budgetMissed: network === "gated" ? budgetMissed : null,
      macs: found.cost.macs,
      opening: found.opening ?? null,
      precision,
      knn1: found.knn1 ?? null,
      probeTop5: found.linear?.top5 ?? null,
      ...accuracies(found),
      untrained: accuracies(untrained[network]),
      rawPixels: accuracies(rawPixels),
      ...maskAccuracies(found.masks),
      wallSeconds,
    };
  });
}

function failureOf(sweep: SweepFolder, run: PlannedRun): RunFailure[] {
  const { phase, failure } = readRunState(sweep, run);
  return phase === "failed" || phase === "damaged" ? [{ run: run.name, phase, reason: failure ?? "" }] : [];
}

/** Reads the results of all runs that are done, and the reasons of failed and damaged runs. */
export function readResults(sweep: SweepFolder): SweepResults {
  const { path, plan: { runs } } = sweep;
  const perRun = runs.map((run) => {
    const rows = orDamaged(() => rowsOf(sweep, run));
    return rows instanceof DamagedRun ? [] : rows;
  });
  const done = perRun.filter((rows) => rows.length > 0).length;
  const failures = runs.flatMap((run) => failureOf(sweep, run));
  return { sweep: path, keys: sweep.keys(), planned: runs.length, done, rows: perRun.flat(), failures };
}

/**
 * Formats the rows as CSV (RFC 4180) with a line of headings. A missing value is empty. A text that a spreadsheet would
 * run as a formula, such as `=1+1`, gets an apostrophe in front; numbers stay numbers.
 */
export function formatCsv({ keys, rows }: SweepResults): string {
  const columns = [
    ...["run", "network", ...keys, "seed", "target", "cost", "macs", "knn1", "knn20", "probeTop1", "probeTop5"],
    ...["untrainedKnn20", "untrainedProbeTop1", "rawKnn20", "rawProbeTop1", "wallSeconds", "budgetMissed"],
    ...["staticCost", "staticKnn20", "staticProbeTop1", "staticRecalibratedKnn20", "staticRecalibratedProbeTop1"],
    ...["oracleKnn20", "oracleProbeTop1", "rho", "opening", "precision"],
  ];
  const records = rows.map(({ varied, untrained, rawPixels, staticMask, oracle, ...row }) => ({
    ...row,
    ...varied,
    untrainedKnn20: untrained.knn20,
    untrainedProbeTop1: untrained.probeTop1,
    rawKnn20: rawPixels.knn20,
    rawProbeTop1: rawPixels.probeTop1,
    staticCost: staticMask.cost,
    staticKnn20: staticMask.asIs.knn20,
    staticProbeTop1: staticMask.asIs.probeTop1,
    staticRecalibratedKnn20: staticMask.recalibrated.knn20,
    staticRecalibratedProbeTop1: staticMask.recalibrated.probeTop1,
    oracleKnn20: oracle.knn20,
    oracleProbeTop1: oracle.probeTop1,
  }));
  return stringify(records, { header: true, columns, cast: { boolean: String }, escape_formulas: true });
}

/**
 * Replaces `results.json` and `results.csv`. Processes that end at the same time wait for each other, so that the last
 * one writes the results of all.
 *
 * @throws {StorageError} if there is no room or no permission.
 */
export async function writeResults(sweep: SweepFolder): Promise<SweepResults> {
  using _lock = await FileLock.takeWhenFree(join(sweep.path, "results.lock"), sweep.path);
  const results = readResults(sweep);
  const encoder = new TextEncoder();
  writeFileAtomically(join(sweep.path, "results.json"), encoder.encode(`${JSON.stringify(results, null, 2)}\n`));
  writeFileAtomically(join(sweep.path, "results.csv"), encoder.encode(formatCsv(results)));
  return results;
}
