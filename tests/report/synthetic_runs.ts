/**
 * Makes run folders without training: every file of a run, with numbers from formulas.
 *
 * @module
 */
import { usualCost } from "../../src/config/budget_range.ts";
import { join } from "@std/path";
import type { NetworkEvaluation, NetworkSpeed } from "../../src/evaluation/mod.ts";
import { denseParts, gatedMacs, gatedParts, networkCost, type Pass } from "../../src/models/mod.ts";
import { curvePoints, readReportRun, type ReportData } from "../../src/report/mod.ts";
import type { Scalar } from "../../src/sweep/mod.ts";
import { resolveConfig, type RunConfig } from "../../src/config/config.ts";
import type { Evaluation } from "../../src/run/evaluation_file.ts";
import type { RunSpeed } from "../../src/run/speed_file.ts";
import { type EvaluationRecord, RunFolder, type StepRecord } from "../../src/run/mod.ts";
import { trainedNetworks } from "../../src/config/network.ts";
import { saveState, stateAt } from "../run/saved_checkpoint.ts";

/** A synthetic run. */
export interface SyntheticRun {
  /** Options that override the preset demo. */
  readonly options?: Readonly<Partial<RunConfig>>;
  /** Steps of the whole run. Defaults to 40. */
  readonly steps?: number;
  /** Epochs between two evaluations during training. Defaults to 1. */
  readonly evalEvery?: number;
  /** Whether the evaluation has k-NN accuracies only. */
  readonly knnOnly?: boolean;
  /** Whether the run was stopped half-way, trained, or trained and evaluated (the default). */
  readonly stage?: "evaluated" | "trained" | "stopped";
}

/** A number in -1..1 that looks random and depends on the words alone. */
function noise(...words: readonly unknown[]): number {
  let hash = 2166136261;
  for (const character of words.join("/")) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619);
  return Math.sin(hash);
}

/** The accuracy of a network in percent: it rises with the cost, depends on the mode, and has some noise. */
function accuracyOf(config: RunConfig, network: Pass): number {
  const share = network === "gated" ? usualCost(config.budget) : 1;
  const handicap = { dual: 0, gated: 1.5, vanilla: -0.5 }[config.mode];
  return 66 - 9 * (1 - share) ** 2 - handicap +
    0.6 * noise(config.seed, usualCost(config.budget), config.mode, network);
}

function networkEvaluation(config: RunConfig, network: Pass, accuracy: number, knnOnly: boolean): NetworkEvaluation {
  const cost = networkCost({ arch: config.arch, width: config.width, stem: config.stem, image: 32 });
  const knn = { knn1: accuracy - 8, knn20: accuracy - 3 };
  const accuracies = knnOnly
    ? knn
    : { ...knn, linear: { top1: accuracy, top5: Math.min(100, accuracy + 28), std: null, seeds: 1 } };
  if (network === "dense") return { ...accuracies, cost: { macs: cost.macs, share: 1 }, parts: denseParts(cost) };
  const missed = 0.004 * noise("cost", config.seed, usualCost(config.budget), config.mode);
  // Ungated parts cost a few percent, so the open share is solved from the remaining cost.
  const [closed, opened] = [gatedMacs(cost, []), gatedMacs(cost, cost.blocks.map(() => 1))];
  const open = Math.max(0, (cost.macs * (usualCost(config.budget) + missed) - closed) / (opened - closed));
  const shares = cost.blocks.map(() => open);
  const macs = gatedMacs(cost, shares);
  const blocks = cost.blocks.map(({ name }, index) => {
    const channels = config.width << (index >> 1);
    const alwaysOpen = Math.floor(channels * open * (0.3 + 0.05 * index));
    const alwaysClosed = Math.floor(channels * (1 - open) * (0.8 - 0.06 * index));
    return { name, open, ...countsOf(channels, alwaysOpen, alwaysClosed) };
  });
  type Count = "channels" | "alwaysOpen" | "alwaysClosed";
  const total = (count: Count) => blocks.reduce((sum, block) => sum + block[count], 0);
  const whole = countsOf(total("channels"), total("alwaysOpen"), total("alwaysClosed"));
  return {
    ...accuracies,
    cost: { macs, share: macs / cost.macs },
    parts: gatedParts(cost, shares),
    channels: { ...whole, blocks },
  };
}

function countsOf(channels: number, alwaysOpen: number, alwaysClosed: number) {
  const imageDependent = channels - alwaysOpen - alwaysClosed;
  const shares = {
    alwaysOpen: alwaysOpen / channels,
    alwaysClosed: alwaysClosed / channels,
    imageDependent: imageDependent / channels,
  };
  return { channels, alwaysOpen, alwaysClosed, imageDependent, shares };
}

function evaluationOf(path: string, config: RunConfig, knnOnly: boolean): Evaluation {
  const evaluate = (accuracy: (network: Pass) => number) => {
    const networks = trainedNetworks(config.mode);
    return Object.fromEntries(
      networks.map((network) => [network, networkEvaluation(config, network, accuracy(network), knnOnly)]),
    );
  };
  const rawPixels = knnOnly ? { knn1: 33, knn20: 38.5 } : {
    knn1: 33,
    knn20: 38.5,
    linear: { top1: 30.1, top5: 79, std: null, seeds: 1 },
  };
  const untrained = evaluate((network) => network === "dense" ? 31 : 29.4);
  return {
    run: path,
    networks: evaluate((network) => accuracyOf(config, network)),
    budgetMissed: null,
    references: { rawPixels, untrained },
  };
}

function stepRecord(config: RunConfig, step: number, steps: number): StepRecord {
  const done = step / steps;
  const loss = 25 + 12 * Math.exp(-5 * done) + 0.4 * noise("loss", config.seed, usualCost(config.budget), step);
  const share = config.mode === "vanilla"
    ? null
    : usualCost(config.budget) + (0.5 - usualCost(config.budget)) * Math.exp(-8 * done);
  return {
    step,
    steps,
    epoch: Math.min(config.epochs - 1, Math.floor((step - 1) * config.epochs / steps)),
    loss,
    terms: { invariance: 0.3, variance: 0.8, covariance: 3, objective: loss, macs: 0, bound: 0 },
    share,
    noiseFreeShare: share,
    multiplier: 0,
    lr: 0.25 * (1 - done),
    viewsPerSecond: 900,
    wait: 0.001,
    time: 0.6 * step,
  };
}

const watchedHealth = { featureStd: 1, effectiveRank: 20, covariance: 0.1 };

function watchRecord(config: RunConfig, step: number, epoch: number): EvaluationRecord {
  const networks = trainedNetworks(config.mode).map((network) => {
    const knn20 = accuracyOf(config, network) - 3 - 25 * Math.exp(-5 * epoch / config.epochs);
    const share = network === "dense" ? 1 : usualCost(config.budget);
    return [network, { knn20, cost: { macs: share * 4e7, share }, health: watchedHealth }] as const;
  });
  return { step, epoch, networks: Object.fromEntries(networks) };
}

/** The lines of `metrics.jsonl`. */
function metricLines(config: RunConfig, steps: number, done: number): string {
  const lines: string[] = [];
  for (let step = 1; step <= done; step++) {
    const record = stepRecord(config, step, steps);
    lines.push(JSON.stringify(record));
    const isEpochsEnd = Math.floor(step * config.epochs / steps) > record.epoch;
    const isWatched = config.evalEvery > 0 && (record.epoch + 1) % config.evalEvery === 0;
    if (isEpochsEnd && isWatched) lines.push(JSON.stringify(watchRecord(config, step, record.epoch + 1)));
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** Times in proportion to the budget, with more for each seed. */
function speedOf({ mode, budget, seed }: RunConfig, step: number): RunSpeed {
  const networks = trainedNetworks(mode).map((network): NetworkSpeed => {
    const macShare = network === "gated" ? usualCost(budget) : 1;
    const imageMilliseconds = 2 * macShare + seed;
    const common = { batch: 64, network, spread: 1, macShare };
    return { ...common, imageMilliseconds, milliseconds: 64 * imageMilliseconds };
  });
  return { step, device: "a processor", threads: 2, precision: "f32", networks };
}

/** Makes the folder of a run. @param path path of the new folder. */
export function makeRun(path: string, run: SyntheticRun = {}): RunFolder {
  const { options = {}, steps = 40, evalEvery = 1, knnOnly = false, stage = "evaluated" } = run;
  const config = resolveConfig({ preset: "demo", flags: { width: 16, stem: "cifar", ...options, evalEvery } });
  const folder = RunFolder.create(path, config, { sluice: "1.2.3" });
  const done = stage === "stopped" ? Math.floor(steps / 2) : steps;
  Deno.writeTextFileSync(join(path, "metrics.jsonl"), metricLines(config, steps, done));
  const images = config.batch * Math.max(1, Math.floor(steps / config.epochs));
  saveState(folder, stateAt(done, images, config.evalEvery > 0 ? { dense: watchedHealth } : {}));
  if (stage !== "evaluated") return folder;
  folder.writeEvaluation({ ...evaluationOf(path, config, knnOnly), step: steps });
  folder.writeSpeed(speedOf(config, steps));
  return folder;
}

/** A synthetic sweep: every mode at every budget and with every seed; vanilla ignores budgets. */
export interface SyntheticSweep {
  readonly budgets: readonly number[];
  readonly modes: readonly RunConfig["mode"][];
  readonly seeds: number;
  /** Properties of every run. */
  readonly run?: SyntheticRun;
}

interface SyntheticKind {
  readonly mode: RunConfig["mode"];
  readonly budget?: number;
}

/**
 * Makes the run folders of a sweep.
 *
 * @param more adds files to each run.
 * @returns the data of their report.
 */
export function makeSweep(
  path: string,
  { budgets, modes, seeds, run = {} }: SyntheticSweep,
  more: (folder: RunFolder) => void = () => {},
): ReportData {
  const kinds = modes.flatMap((mode): SyntheticKind[] => {
    return mode === "vanilla" ? [{ mode }] : budgets.map((budget) => ({ mode, budget }));
  });
  const all = kinds.flatMap((kind) => Array.from({ length: seeds }, (_, seed) => ({ ...kind, seed })));
  const runs = all.map(({ seed, ...kind }) => {
    const varied: Record<string, Scalar> = { ...kind };
    const name = [...Object.entries(varied).map(([, value]) => String(value)), `seed${seed}`].join("-");
    const folder = makeRun(join(path, name), { ...run, options: { ...run.options, ...kind, seed } });
    more(folder);
    return readReportRun(folder, varied, curvePoints(all.length));
  });
  return {
    kind: "sweep",
    title: "budgets of two modes",
    path,
    keys: ["mode", "budget"],
    runs,
    waiting: 0,
    damaged: [],
  };
}
