/**
 * Shows a person at the terminal how training and evaluation go, and passes on the signals that stop them.
 *
 * @module
 */
import { imageSide, networkSpec } from "../src/config/network.ts";
import type { SkippedImage } from "../src/data/mod.ts";
import type { Device } from "../src/device/mod.ts";
import type { EvaluationObserver } from "../src/encoders/evaluate_folder.ts";
import { smallestBudget } from "../src/models/mod.ts";
import type { EvaluationRecord, FittedOpening, StepRecord } from "../src/run/records.ts";
import type { RunFolder } from "../src/run/run_folder.ts";
import { quoteWord } from "../src/sweep/shell.ts";
import type { RunObserver, RunOutcome } from "../src/training/run_setup.ts";
import { StopSignals } from "./stop_signals.ts";
import { describeMiss } from "./ui/missed_budget.ts";
import { OtherWorkRemark } from "./ui/other_work.ts";
import { announce, type OutputOptions, remark } from "./ui/output.ts";
import { TrainingDisplay } from "./ui/progress.ts";
import { SkippedRemarks } from "./ui/skipped.ts";
import { share, signed } from "./ui/tables.ts";

/**
 * Shows a run on stderr. Signals stop the run from its first step to its last; before and after that they end the
 * process.
 */
export class TrainingSession implements RunObserver, Disposable {
  readonly #output: OutputOptions;
  #signals: StopSignals | null = null;
  #display: TrainingDisplay | null = null;
  #otherWork: OtherWorkRemark | null = null;
  #seconds = 0;
  #stopStatus: number | null = null;

  /** @param output options of the command's output. */
  constructor(output: OutputOptions) {
    this.#output = output;
  }

  /** Seconds that training took. */
  get seconds(): number {
    return this.#seconds;
  }

  /** The exit status that the signal asks for which stopped the run; null if the run came to its end. */
  get stopStatus(): number | null {
    return this.#stopStatus;
  }

  /** Shows a line. */
  remark(line: string): void {
    remark(this.#output, line);
  }

  /** Shows a line with --verbose. */
  detail(line: string): void {
    if (this.#output.verbose) remark(this.#output, line);
  }

  /** Says that data are being read, on a terminal: the request may still be refused. */
  reading(data: string): void {
    announce(this.#output, `reading the data: ${data}`, "nothing");
  }

  /** Begins to listen to signals and to show steps. */
  begins(run: RunFolder, device: Device): void {
    const signals = new StopSignals((signal) => this.remark(`${signal}: saving, then stopping`));
    this.#signals = signals;
    this.#display = new TrainingDisplay(this.#output, run.config, () => signals.status !== null);
    this.#otherWork = new OtherWorkRemark(this.#output, device);
    announce(this.#output, "building the network; the first step takes longer than those after it", "line");
  }

  /** Shows a step. */
  step(record: StepRecord): void {
    this.#display?.step(record);
    this.#otherWork?.look();
  }

  /** Shows an evaluation. */
  evaluation(record: EvaluationRecord): void {
    this.#display?.evaluation(record);
  }

  /** Says what was added to the gates' logits. */
  fitted({ opening, before, after }: FittedOpening): void {
    this.remark(
      `gates: ${signed(opening)} is added to all logits: on training images, the gated network costs ` +
        `${share(after)} of the dense one with it, and ${share(before)} without`,
    );
  }

  /** Names a damaged image. */
  skipped(image: SkippedImage): void {
    this.#display?.skipped(image);
  }

  /** Says what of the run was damaged. */
  damaged(line: string): void {
    this.remark(line);
  }

  /** Says why no step is recorded. */
  unrecorded(reason: string): void {
    this.remark(`--cuda-graph: a step cannot be recorded (${reason}): goes on without`);
  }

  /** Whether a signal asked the run to stop. */
  stopRequested(): boolean {
    return this.#signals !== null && this.#signals.status !== null;
  }

  /** Says how the run ended, and stops listening to signals. */
  ended(outcome: RunOutcome): void {
    const { run, isNew, stopped, steps } = outcome;
    this.#seconds = this.#display?.seconds ?? 0;
    if (stopped) this.#stopStatus = this.#signals?.status ?? 1;
    this[Symbol.dispose]();
    this.#display?.concludeSkipped(`${run.path}/skipped.jsonl names them`);
    const counted = steps === 1 ? "1 step" : `${steps} steps`;
    if (!isNew) this.remark(`${run.path}: is finished, after ${counted}; there is nothing to do`);
    else if (stopped) {
      const saved = steps === 0 ? "before the first step" : `after ${counted}, and saved`;
      this.remark(`stopped ${saved}; to resume: sluice pretrain --resume ${quoteWord(run.path)}`);
    } else {
      const seconds = this.#seconds.toFixed(1);
      this.remark(`${counted} in ${seconds} s; the run is in ${run.path}`);
    }
    this.#remarkMiss(outcome);
  }

  /** Says that the run missed its budget, if it did. */
  #remarkMiss({ run: { path, config }, steps, budgetMissed }: RunOutcome): void {
    if (budgetMissed === null) return;
    const smallest = smallestBudget(networkSpec(config, imageSide(config)));
    this.remark(describeMiss({ path, config, steps, budgetMissed, smallest }));
  }

  /** Stops listening to signals and watching the processors, and takes the bar away. */
  [Symbol.dispose](): void {
    this.#otherWork?.[Symbol.dispose]();
    this.#otherWork = null;
    this.#display?.[Symbol.dispose]();
    this.#signals?.[Symbol.dispose]();
    this.#signals = null;
  }
}

/** Shows an evaluation on stderr. */
export class EvaluationSession implements EvaluationObserver {
  readonly #output: OutputOptions;
  readonly #skipped: SkippedRemarks;

  /** @param output options of the command's output. */
  constructor(output: OutputOptions) {
    this.#output = output;
    this.#skipped = new SkippedRemarks(output);
  }

  /** Shows a line. */
  remark(line: string): void {
    remark(this.#output, line);
  }

  /** Shows which part of the evaluation begins. */
  evaluating(stage: string): void {
    remark(this.#output, stage);
  }

  /** Names a damaged image. */
  skipped(image: SkippedImage): void {
    this.#skipped.add(image);
  }

  /**
   * Says how many damaged images were left out, if any were.
   *
   * @param where how to see all of their names, as the end of the line.
   */
  conclude(where: string): void {
    this.#skipped.conclude(where);
  }
}
