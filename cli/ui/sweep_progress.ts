/**
 * Shows how far a sweep is: a bar on a terminal, a line for each run that begins, ends or fails.
 *
 * @module
 */
import process from "node:process";
// @ts-types="@types/cli-progress"
import { SingleBar } from "cli-progress";
import type { SweepObserver } from "../../src/sweep/mod.ts";
import { type OutputOptions, remark } from "./output.ts";
import { formatSeconds } from "./progress.ts";

/** Shows a sweep on stderr. */
export class SweepDisplay implements SweepObserver, Disposable {
  readonly #output: OutputOptions;
  readonly #bar: SingleBar | null;
  readonly #started = performance.now();
  readonly #total: number;
  readonly #before: number;
  #ended = 0;
  #barRuns = false;

  /**
   * @param total runs of the whole sweep.
   * @param before those that were done already.
   */
  constructor(output: OutputOptions, total: number, before: number) {
    this.#output = output;
    this.#total = total;
    this.#before = before;
    const format = "{bar} {percentage}% | {value} of {total} runs | {left} left";
    const options = { format, barsize: 24, stream: process.stderr, hideCursor: true, clearOnComplete: true, fps: 5 };
    this.#bar = process.stderr.isTTY && !output.quiet ? new SingleBar(options) : null;
  }

  /** A process begins to work on a run. */
  started(run: string, attempt: number): void {
    this.#say(`${run}: begins${attempt === 1 ? "" : `, attempt ${attempt}`}`);
  }

  /** A run is done. */
  done(run: string): void {
    this.#ended++;
    this.#say(`${run}: done, ${this.#before + this.#ended} of ${this.#total}${this.#left()}`);
  }

  /** A process failed. */
  failed(run: string, message: string, again: boolean): void {
    if (!again) this.#ended++;
    this.#say(`${run}: failed${again ? ", and is tried again" : ""}: ${message}`);
  }

  /** Time that the rest takes at the pace until now, in words. */
  #left(): string {
    const rest = this.#total - this.#before - this.#ended;
    return rest === 0 || this.#ended === 0 ? "" : `, about ${formatSeconds(this.#secondsLeft(rest))} left`;
  }

  #secondsLeft(rest: number): number {
    return (performance.now() - this.#started) / 1000 / this.#ended * rest;
  }

  #say(line: string): void {
    if (this.#barRuns) this.#bar?.stop();
    this.#barRuns = false;
    remark(this.#output, line);
    if (this.#bar === null) return;
    const rest = this.#total - this.#before - this.#ended;
    const left = this.#ended === 0 ? "?" : formatSeconds(this.#secondsLeft(rest));
    this.#bar.start(this.#total, this.#before + this.#ended, { left });
    this.#barRuns = true;
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    if (this.#barRuns) this.#bar?.stop();
    this.#barRuns = false;
  }
}
