/**
 * Computes a sweep's progress from the steps of its runs, and estimates the time left.
 *
 * @module
 */
import type { RunWork } from "./estimate.ts";

/** The progress of a run's training. */
export interface RunSteps {
  /** Number of completed steps. */
  readonly step: number;
  /** Steps of the whole run, 1 or more. */
  readonly steps: number;
}

/** A run at the moment when its sweep starts or resumes. */
export interface StartedRun {
  /** Name of the run. */
  readonly name: string;
  /** The work of the whole run. */
  readonly work: RunWork;
  /** Steps so far; null before the first step. */
  readonly at: RunSteps | null;
  /** Whether the run is done or damaged, so that no work is left. */
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

/** Work done at a step. The evaluation follows the last step, so it does not count yet. */
function doneAt({ training }: RunWork, at: RunSteps | null): number {
  return at === null ? 0 : training * Math.min(1, at.step / at.steps);
}

/** Tracks the work of a sweep's runs, in the unit of {@linkcode RunWork}. */
export class SweepProgress {
  readonly #runs: ReadonlyMap<string, RunProgress>;
  /** Work that counts as done but took none of this process's time. */
  #before: number;

  /** Starts from the present state of all runs, done or not. */
  constructor(runs: readonly StartedRun[]) {
    this.#runs = new Map(runs.map(({ name, work, at, isOver }) => {
      return [name, { work, done: isOver ? total(work) : doneAt(work, at), isOver }];
    }));
    this.#before = this.#done();
  }

  /** Records that a run has reached a step. */
  reached(name: string, at: RunSteps): void {
    const run = this.#runs.get(name);
    if (run !== undefined && !run.isOver) run.done = doneAt(run.work, at);
  }

  /**
   * Records the end of a run.
   *
   * @param isDone false if the run failed: its missing work then does not count for the pace.
   */
  over(name: string, isDone: boolean): void {
    const run = this.#runs.get(name);
    if (run === undefined || run.isOver) return;
    if (!isDone) this.#before += total(run.work) - run.done;
    [run.done, run.isOver] = [total(run.work), true];
  }

  /** The completed share of the sweep's work, in 0..1. */
  share(): number {
    const all = [...this.#runs.values()].reduce((sum, { work }) => sum + total(work), 0);
    return all === 0 ? 1 : this.#done() / all;
  }

  /** Seconds left at the average pace so far; null before any progress. @param elapsed seconds since the start. */
  secondsLeft(elapsed: number): number | null {
    const gained = this.#done() - this.#before;
    const rest = [...this.#runs.values()].reduce((sum, { work, done }) => sum + total(work) - done, 0);
    return gained <= 0 ? null : elapsed / gained * rest;
  }

  #done(): number {
    return [...this.#runs.values()].reduce((sum, { done }) => sum + done, 0);
  }
}
