/**
 * Shows the progress of a sweep: a bar on a terminal, else a line now and then, and a line when a run starts, ends or
 * fails.
 *
 * @module
 */
import { type RunSteps, type StartedRun, type SweepObserver, SweepProgress } from "../../src/sweep/mod.ts";
import { barLine, clearLive, drawLive, drawsLive } from "./live_line.ts";
import { type OutputOptions, remark } from "./output.ts";
import { formatSeconds } from "./progress.ts";

/** Milliseconds between two reads of the active runs' steps. */
const READ_INTERVAL = 500;
/** Milliseconds between two plain lines. */
const LINE_INTERVAL = 30_000;

/** The progress of a sweep in words: `2 of 8 runs, 34 %, about 3:20 left`. */
export function describeProgress(ended: number, total: number, share: number, seconds: number | null): string {
  const left = seconds === null ? "" : `, about ${formatSeconds(seconds)} left`;
  return `${ended} of ${total} runs, ${Math.floor(100 * share)} %${ended === total ? "" : left}`;
}

/** Shows a sweep on stderr. */
export class SweepDisplay implements SweepObserver, Disposable {
  readonly #output: OutputOptions;
  readonly #progress: SweepProgress;
  readonly #total: number;
  readonly #stepsOf: (run: string) => RunSteps | null;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #started = performance.now();
  readonly #running = new Set<string>();
  #ended: number;
  #lastLine = performance.now();

  /**
   * @param runs all runs of the sweep, with their progress at its start.
   * @param stepsOf reads the steps of an active run; null before its first step.
   */
  constructor(output: OutputOptions, runs: readonly StartedRun[], stepsOf: (run: string) => RunSteps | null) {
    this.#output = output;
    this.#progress = new SweepProgress(runs);
    this.#total = runs.length;
    this.#ended = runs.filter(({ isOver }) => isOver).length;
    this.#stepsOf = stepsOf;
    this.#timer = setInterval(() => this.#readSteps(), READ_INTERVAL);
  }

  /** Writes that a process starts on a run. @param attempt from 1. */
  started(run: string, attempt: number): void {
    this.#running.add(run);
    this.#say(`${run}: started${attempt === 1 ? "" : `, attempt ${attempt}`}`);
  }

  /** Writes that a run is trained and evaluated. */
  done(run: string): void {
    this.#over(run, true);
    this.#say(`${run}: done; ${this.#words()}`);
  }

  /** Writes that a process failed. @param again whether the run is retried. */
  failed(run: string, message: string, again: boolean): void {
    if (again) this.#running.delete(run);
    else this.#over(run, false);
    this.#say(`${run}: failed${again ? ", retrying" : ""}: ${message}`);
  }

  #over(run: string, isDone: boolean): void {
    // A damaged run was counted at the start: it never becomes active.
    if (this.#running.delete(run)) this.#ended++;
    this.#progress.over(run, isDone);
  }

  #readSteps(): void {
    for (const run of this.#running) {
      const at = this.#stepsOf(run);
      if (at !== null) this.#progress.reached(run, at);
    }
    if (drawsLive(this.#output)) this.#draw();
    else if (performance.now() - this.#lastLine >= LINE_INTERVAL) this.#say(this.#words());
  }

  #words(): string {
    return describeProgress(this.#ended, this.#total, this.#progress.share(), this.#secondsLeft());
  }

  #secondsLeft(): number | null {
    return this.#progress.secondsLeft((performance.now() - this.#started) / 1000);
  }

  #draw(): void {
    const seconds = this.#secondsLeft();
    drawLive(
      barLine(
        this.#progress.share(),
        [`${this.#ended} of ${this.#total} runs`],
        seconds === null ? [] : [`about ${formatSeconds(seconds)} left`],
      ),
    );
  }

  /** Writes a permanent line. */
  #say(line: string): void {
    remark(this.#output, line);
    this.#lastLine = performance.now();
    if (drawsLive(this.#output)) this.#draw();
  }

  /** Removes the bar. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    clearLive();
  }
}
