/**
 * Shows the progress of a run: a bar on a terminal, else a line now and then.
 *
 * @module
 */

import type { Budget } from "../../src/config/budget_range.ts";
import type { SkippedImage } from "../../src/data/mod.ts";
import type { EvaluationRecord, StepRecord, TrainingObserver } from "../../src/run/records.ts";
import type { RunConfig } from "../../src/config/options.ts";
import { pairsBetween, type PassConfig } from "../../src/training/passes.ts";
import { barLine, clearLive, drawLive, drawsLive, updateLive } from "./live_line.ts";
import { type OutputOptions, remark } from "./output.ts";
import { SkippedRemarks } from "./skipped.ts";

/** Steps after which the display estimates the run's time. */
const PACED_STEPS = 10;
/** Milliseconds between two plain lines. */
const lineInterval = 10_000;

/** `93` -> `1:33`, `3723` -> `1:02:03`. */
export function formatSeconds(seconds: number): string {
  // std's "digital" style counts from days down to nanoseconds: 00:00:01:33:000:000:000.
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const padded = String(rest).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${padded}` : `${minutes}:${padded}`;
}

/** A rough duration: `45` -> `45 s`, `12000` -> `3 h 20 min`. */
export function formatDuration(seconds: number): string {
  // std's durations are exact, down to nanoseconds: too precise for an estimate.
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${rest} min` : `${rest} min`;
}

/** Terms that the line shows in another form. */
const hiddenTerms = new Set(["objective", "macs", "bound"]);

/** The cost that a step should have: the budget, or a target that is still on its way there. */
export function describeTarget(record: Pick<StepRecord, "target"> | null, budget: Budget): string {
  const target = record?.target;
  if (typeof budget !== "number") return target === undefined ? budget : `${target.toFixed(3)}, drawn from ${budget}`;
  return target === undefined || target === budget ? String(budget) : `${target.toFixed(3)}, falling to ${budget}`;
}

/**
 * The details of a step, the most important first: cost of the gated network without gate noise, budget, loss, last
 * 20-NN accuracy of each network, speed, and terms of the loss.
 */
export function describeStep(record: StepRecord, budget: Budget, networks: EvaluationRecord["networks"]): string[] {
  const terms = Object.entries(record.terms).filter(([name]) => !hiddenTerms.has(name));
  const accuracies = Object.entries(networks).map(([name, { knn20 }]) => `${name} ${knn20.toFixed(1)}`);
  return [
    ...(record.noiseFreeShare === null
      ? []
      : [`cost ${record.noiseFreeShare.toFixed(3)} of ${describeTarget(record, budget)}`]),
    `loss ${record.loss.toFixed(3)}`,
    ...(accuracies.length === 0 ? [] : [`20-NN ${accuracies.join(" ")}`]),
    `${record.viewsPerSecond.toFixed(0)} views/s`,
    ...terms.map(([name, value]) => `${name} ${value.toFixed(3)}`),
  ];
}

/** One line for an evaluation during training. */
export function describeEvaluation(record: EvaluationRecord): string {
  const networks = Object.entries(record.networks).map(([name, { knn20, onlineProbe, cost }]) => {
    const probe = onlineProbe === undefined ? "" : `, online probe ${onlineProbe.top1.toFixed(2)} %`;
    return `${name} 20-NN ${knn20.toFixed(2)} %${probe} at cost ${cost.share.toFixed(4)}`;
  });
  return `epoch ${record.epoch}: ${networks.join(", ")}`;
}

/** The options that the display needs. */
type DisplayedConfig = PassConfig & Pick<RunConfig, "budget" | "epochs">;

/** Shows a training run on stderr, and measures its time. */
export class TrainingDisplay implements TrainingObserver, Disposable {
  readonly #output: OutputOptions;
  readonly #config: DisplayedConfig;
  readonly #stopRequested: () => boolean;
  readonly #started = performance.now();
  #lastLine = performance.now();
  #lastEpoch = -1;
  readonly #skipped: SkippedRemarks;
  #networks: EvaluationRecord["networks"] = {};
  /** Steps that earlier processes did; null before this process's first step. */
  #before: number | null = null;
  /** Clock in ms after this process's first step, which is slower than the others. */
  #firstStep = 0;

  /** @param stopRequested whether a signal asked the run to stop. The trainer calls it after every step. */
  constructor(
    output: OutputOptions,
    config: DisplayedConfig,
    stopRequested: () => boolean,
  ) {
    this.#output = output;
    this.#skipped = new SkippedRemarks(output);
    this.#config = config;
    this.#stopRequested = stopRequested;
  }

  /** Seconds since this process began the run. */
  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** Draws the bar, or writes a line if an epoch began or enough time has passed. */
  step(record: StepRecord): void {
    const { step, steps } = record;
    const before = this.#before ??= step - 1;
    this.#estimateOnce(before, step, steps);
    const left = formatSeconds(this.seconds * this.#work(steps, step, steps) / this.#work(steps, before, step));
    const details = () => describeStep(record, this.#config.budget, this.#networks);
    if (!drawsLive(this.#output)) return this.#writeLine(record, left, details);
    const line = () => {
      return barLine(step / steps, [`epoch ${record.epoch + 1}/${this.#config.epochs}`, `${left} left`], details());
    };
    // The first step replaces the remark on the preparation at once.
    if (step - before === 1) drawLive(line());
    else updateLive(line);
  }

  /** Estimates once, from the pace of the first steps, how long the run will take. */
  #estimateOnce(before: number, step: number, steps: number): void {
    if (step - before === 1) this.#firstStep = performance.now();
    if (step - before !== PACED_STEPS || step === steps) return;
    const pace = (performance.now() - this.#firstStep) / 1000 / this.#work(steps, before + 1, step);
    const { epochs } = this.#config;
    const what = before === 0 ? `for ${epochs} epochs` : `more for the rest of ${epochs} epochs`;
    remark(this.#output, `about ${formatDuration(pace * this.#work(steps, before === 0 ? 0 : step, steps))} ${what}`);
  }

  /** The work of the steps from `from` to before `to` of a run of so many steps. */
  #work(steps: number, from: number, to: number): number {
    return pairsBetween(this.#config, from, to, steps / this.#config.epochs);
  }

  #writeLine({ epoch, step, steps }: StepRecord, left: string, details: () => readonly string[]): void {
    const now = performance.now();
    if (epoch === this.#lastEpoch && now - this.#lastLine < lineInterval) return;
    [this.#lastEpoch, this.#lastLine] = [epoch, now];
    const { epochs } = this.#config;
    remark(this.#output, `epoch ${epoch + 1}/${epochs}, step ${step}/${steps}, ${details().join(", ")}, ${left} left`);
  }

  /** Writes a permanent line for an evaluation. */
  evaluation(record: EvaluationRecord): void {
    this.#networks = record.networks;
    remark(this.#output, describeEvaluation(record));
  }

  /** Names a damaged image file, up to a limit; further ones are only counted. */
  skipped(image: SkippedImage): void {
    this.#skipped.add(image);
  }

  /** Writes a permanent line about a damaged file of the run. */
  damaged(line: string): void {
    remark(this.#output, line);
  }

  /** Writes the number of image files that were left out, if any. @param list where to find all of them. */
  concludeSkipped(list: string): void {
    this.#skipped.conclude(list);
  }

  /** Whether a signal asked the run to stop. */
  stopRequested(): boolean {
    return this.#stopRequested();
  }

  /** Removes the bar. */
  [Symbol.dispose](): void {
    clearLive();
  }
}
