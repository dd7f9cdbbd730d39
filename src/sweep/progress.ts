/**
 * How far a sweep is, from the steps of its runs, and how long the rest takes.
 *
 * @module
 */
import type { RunWork } from "./estimate.ts";

/** Where a run is while its process works on it. */
export interface RunSteps {
  /** Steps done. */
  readonly step: number;
  /** Steps of the whole run, 1 or more. */
  readonly steps: number;
}

/** A run as its sweep begins or goes on. */
export interface StartedRun {
  /** Its name. */
  readonly name: string;
  /** Its products. */
  readonly work: RunWork;
  /** Where it is; null before its first step. */
  readonly at: RunSteps | null;
  /** Whether it is done, or cannot be begun: nothing of it is left. */
  readonly isOver: boolean;
}

interface RunProgress {
  readonly work: RunWork;
  done: number;
  isOver: boolean;
}

function total({ training, evaluation }: RunWork): number {
  return training + evaluation;
}

/** Products done of a run that is at a step: its evaluation comes after the last one. */
function doneAt({ training }: RunWork, at: RunSteps | null): number {
  return at === null ? 0 : training * Math.min(1, at.step / at.steps);
}

/** The work of a sweep's runs as it gets done. */
export class SweepProgress {
  readonly #runs: ReadonlyMap<string, RunProgress>;
  /** Work that counts as done, and took no time here. */
  #before: number;

  /** Begins with all runs of a sweep, wherever they are. */
  constructor(runs: readonly StartedRun[]) {
    this.#runs = new Map(runs.map(({ name, work, at, isOver }) => {
      return [name, { work, done: isOver ? total(work) : doneAt(work, at), isOver }];
    }));
    this.#before = this.#done();
  }

  /** A process has come to a step of a run. */
  reached(name: string, at: RunSteps): void {
    const run = this.#runs.get(name);
    if (run !== undefined && !run.isOver) run.done = doneAt(run.work, at);
  }

  /** Nothing is left of a run. @param isDone false if it has failed for good: what it did not do says nothing of the pace. */
  over(name: string, isDone: boolean): void {
    const run = this.#runs.get(name);
    if (run === undefined || run.isOver) return;
    if (!isDone) this.#before += total(run.work) - run.done;
    [run.done, run.isOver] = [total(run.work), true];
  }

  /** The share of the sweep's work that is done, in 0..1. */
  share(): number {
    const all = [...this.#runs.values()].reduce((sum, { work }) => sum + total(work), 0);
    return all === 0 ? 1 : this.#done() / all;
  }

  /** Seconds that the rest takes at the pace since the beginning; null before anything is done. */
  secondsLeft(elapsed: number): number | null {
    const gained = this.#done() - this.#before;
    const rest = [...this.#runs.values()].reduce((sum, { work, done }) => sum + total(work) - done, 0);
    return gained <= 0 ? null : elapsed / gained * rest;
  }

  #done(): number {
    return [...this.#runs.values()].reduce((sum, { done }) => sum + done, 0);
  }
}
