/**
 * Shows how far a sweep is: a bar on a terminal, else a line now and then; and a line for each run that begins, ends or fails.
 *
 * @module
 */
import { type RunSteps, type StartedRun, type SweepObserver, SweepProgress } from "../../src/sweep/mod.ts";
import { barLine, clearLive, drawLive, drawsLive } from "./live_line.ts";
import { type OutputOptions, remark } from "./output.ts";
import { formatSeconds } from "./progress.ts";

/** Milliseconds between two looks at the steps of the runs that are being worked on. */
const LOOK_INTERVAL = 500;
/** Milliseconds between two plain lines. */
const LINE_INTERVAL = 30_000;

/** How far a sweep is, in words: `2 of 8 runs, 34 %, about 3:20 left`. */
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
   * @param runs all of the sweep's, as they are at its beginning.
   * @param stepsOf where a run is that a process works on.
   */
  constructor(output: OutputOptions, runs: readonly StartedRun[], stepsOf: (run: string) => RunSteps | null) {
    this.#output = output;
    this.#progress = new SweepProgress(runs);
    this.#total = runs.length;
    this.#ended = runs.filter(({ isOver }) => isOver).length;
    this.#stepsOf = stepsOf;
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL);
  }

  /** A process begins to work on a run. */
  started(run: string, attempt: number): void {
    this.#running.add(run);
    this.#say(`${run}: begins${attempt === 1 ? "" : `, attempt ${attempt}`}`);
  }

  /** A run is done. */
  done(run: string): void {
    this.#over(run, true);
    this.#say(`${run}: done; ${this.#words()}`);
  }

  /** A process failed. */
  failed(run: string, message: string, again: boolean): void {
    if (again) this.#running.delete(run);
    else this.#over(run, false);
    this.#say(`${run}: failed${again ? ", and is tried again" : ""}: ${message}`);
  }

  #over(run: string, isDone: boolean): void {
    // A damaged run is over before it is told.
    if (this.#running.delete(run)) this.#ended++;
    this.#progress.over(run, isDone);
  }

  /** Reads how far the runs are that are being worked on. */
  #look(): void {
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

  /** Says something in a line that stays. */
  #say(line: string): void {
    remark(this.#output, line);
    this.#lastLine = performance.now();
    if (drawsLive(this.#output)) this.#draw();
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    clearLive();
  }
}
