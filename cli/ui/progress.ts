/**
 * Shows how far a run is: a bar on a terminal, else a line now and then.
 *
 * @module
 */

import type { SkippedImage } from "../../src/data/mod.ts";
import type { EvaluationRecord, StepRecord, TrainingObserver } from "../../src/run/records.ts";
import type { RunConfig } from "../../src/config/options.ts";
import { barLine, clearLive, drawLive, drawsLive, updateLive } from "./live_line.ts";
import { type OutputOptions, remark } from "./output.ts";
import { SkippedRemarks } from "./skipped.ts";

/** Steps after which the run's time is estimated. */
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

/** `45` -> `45 s`, `12000` -> `3 h 20 min`: an estimate for people. */
export function formatDuration(seconds: number): string {
  // std's durations are exact, down to nanoseconds: too precise for an estimate.
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${rest} min` : `${rest} min`;
}

/** Terms that are said elsewhere, or are sums of others. */
const untold = new Set(["objective", "macs", "bound"]);

/**
 * The details of a step, the most important first: what the gated network costs without noise beside the budget, the loss, both
 * networks' last 20-NN, the speed, and the terms of the loss.
 */
export function describeStep(record: StepRecord, budget: number, networks: EvaluationRecord["networks"]): string[] {
  const terms = Object.entries(record.terms).filter(([name]) => !untold.has(name));
  const judged = Object.entries(networks).map(([name, { knn20 }]) => `${name} ${knn20.toFixed(1)}`);
  return [
    ...(record.noiseFreeShare === null ? [] : [`cost ${record.noiseFreeShare.toFixed(3)} of ${budget}`]),
    `loss ${record.loss.toFixed(3)}`,
    ...(judged.length === 0 ? [] : [`20-NN ${judged.join(" ")}`]),
    `${record.viewsPerSecond.toFixed(0)} views/s`,
    ...terms.map(([name, value]) => `${name} ${value.toFixed(3)}`),
  ];
}

/** What is said of an evaluation. */
export function describeEvaluation(record: EvaluationRecord): string {
  const networks = Object.entries(record.networks).map(([name, { knn20, onlineProbe, cost }]) => {
    const probe = onlineProbe === undefined ? "" : `, online probe ${onlineProbe.top1.toFixed(2)} %`;
    return `${name} 20-NN ${knn20.toFixed(2)} %${probe} at cost ${cost.share.toFixed(4)}`;
  });
  return `epoch ${record.epoch}: ${networks.join(", ")}`;
}

/** Shows a training run on stderr. Also the run's stopwatch. */
export class TrainingDisplay implements TrainingObserver, Disposable {
  readonly #output: OutputOptions;
  readonly #config: Pick<RunConfig, "budget" | "epochs">;
  readonly #stopRequested: () => boolean;
  readonly #started = performance.now();
  #lastLine = performance.now();
  #lastEpoch = -1;
  readonly #skipped: SkippedRemarks;
  #networks: EvaluationRecord["networks"] = {};
  /** Steps that were done before this process began. */
  #before: number | null = null;
  /** Clock after this process's first step, in ms: the first is slower than those after it. */
  #firstStep = 0;

  /** @param stopRequested Whether somebody asked the run to end, asked after every step. */
  constructor(
    output: OutputOptions,
    config: Pick<RunConfig, "budget" | "epochs">,
    stopRequested: () => boolean,
  ) {
    this.#output = output;
    this.#skipped = new SkippedRemarks(output);
    this.#config = config;
    this.#stopRequested = stopRequested;
  }

  /** Seconds since the run began. */
  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** Shows a step. */
  step(record: StepRecord): void {
    const { step, steps } = record;
    this.#before ??= step - 1;
    this.#estimateOnce(step - this.#before, steps - step);
    const left = formatSeconds(this.seconds / (step - this.#before) * (steps - step));
    const details = () => describeStep(record, this.#config.budget, this.#networks);
    if (!drawsLive(this.#output)) return this.#writeLine(record, left, details);
    const line = () => {
      return barLine(step / steps, [`epoch ${record.epoch + 1}/${this.#config.epochs}`, `${left} left`], details());
    };
    // The first step takes the place of the words on what is being prepared.
    if (step - this.#before === 1) drawLive(line());
    else updateLive(line);
  }

  /** Says once how long the run will take, from the pace of its first steps. */
  #estimateOnce(done: number, left: number): void {
    if (done === 1) this.#firstStep = performance.now();
    if (done !== PACED_STEPS || left === 0) return;
    const pace = (performance.now() - this.#firstStep) / 1000 / (PACED_STEPS - 1);
    const { epochs } = this.#config;
    const what = this.#before === 0 ? `for ${epochs} epochs` : `more for the rest of ${epochs} epochs`;
    remark(this.#output, `about ${formatDuration(pace * (left + (this.#before === 0 ? PACED_STEPS : 0)))} ${what}`);
  }

  #writeLine({ epoch, step, steps }: StepRecord, left: string, details: () => readonly string[]): void {
    const now = performance.now();
    if (epoch === this.#lastEpoch && now - this.#lastLine < lineInterval) return;
    [this.#lastEpoch, this.#lastLine] = [epoch, now];
    const { epochs } = this.#config;
    remark(this.#output, `epoch ${epoch + 1}/${epochs}, step ${step}/${steps}, ${details().join(", ")}, ${left} left`);
  }

  /** Shows an evaluation in a line that stays. */
  evaluation(record: EvaluationRecord): void {
    this.#networks = record.networks;
    remark(this.#output, describeEvaluation(record));
  }

  /** Names an image file that is damaged, unless many were named before it. */
  skipped(image: SkippedImage): void {
    this.#skipped.add(image);
  }

  /** Says what of the run was damaged. */
  damaged(line: string): void {
    remark(this.#output, line);
  }

  /** Says how many image files were left out, if any were. */
  concludeSkipped(where: string): void {
    this.#skipped.conclude(where);
  }

  /** Whether somebody asked the run to end. */
  stopRequested(): boolean {
    return this.#stopRequested();
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    clearLive();
  }
}
