/**
 * A run's `metrics.jsonl`: one line per step, and one line per evaluation.
 *
 * @module
 */
import { JsonLines } from "../formats/mod.ts";
import { isEvaluation, isStep, metricsRecord } from "./metrics_record.ts";
import { type MetricsSample, sampleMetrics } from "./metrics_sample.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";

/**
 * Bytes to read from the end to find the last step: more if a long evaluation follows it, most if the end is damaged.
 */
const END_BYTES = [1 << 16, 1 << 20, 1 << 25];

/** The undamaged lines of a file. */
export interface Metrics {
  /** The steps in order. */
  readonly steps: readonly StepRecord[];
  /** The last evaluation, or null without one. */
  readonly evaluation: EvaluationRecord | null;
  /** Numbers of the damaged lines, counted from 1; they are left out. */
  readonly damaged: readonly number[];
}

/**
 * The total training time in seconds of all processes that trained a run.
 *
 * @param times times of steps in order, including the last step of each process. Each process counts from its own
 * start.
 */
export function secondsOfSittings(times: readonly number[]): number {
  return times.reduce((sum, time, index) => {
    const next = times[index + 1];
    return next === undefined || next < time ? sum + time : sum;
  }, 0);
}

/** The file of steps and evaluations, in the order in which they happened. */
export class MetricsFile {
  readonly #lines: JsonLines<StepRecord | EvaluationRecord>;

  /** The file need not exist yet. */
  constructor(path: string) {
    this.#lines = new JsonLines(path, metricsRecord);
  }

  /**
   * Adds a line.
   *
   * @param check called before the line is written, as in {@linkcode appendToFile}.
   * @throws {StorageError} if there is no room or no permission; the file is then as it was.
   */
  append(record: StepRecord | EvaluationRecord, check?: () => void): void {
    this.#lines.append(record, check);
  }

  /** Waits until all lines are on the disk. @throws {StorageError} if the disk reports an error. */
  flush(): void {
    this.#lines.flush();
  }

  /**
   * Removes all lines after a step, its evaluation among them, and damaged lines.
   *
   * @param step the last step to keep; 0 removes all.
   * @returns numbers of the damaged lines, counted from 1.
   */
  cutAfter(step: number): readonly number[] {
    return this.#lines.cut((record) => record.step < step || (record.step === step && isStep(record)));
  }

  /** Reads the whole file. */
  read(): Metrics {
    const { lines, damaged } = this.#lines.read();
    const records = lines.map(({ record }) => record);
    const steps = records.filter(isStep);
    return { steps, evaluation: records.filter(isEvaluation).at(-1) ?? null, damaged };
  }

  /** The last step, or null if there is none. It reads only the end of the file. */
  lastStep(): StepRecord | null {
    for (const bytes of END_BYTES) {
      const last = this.#lines.readEnd(bytes).findLast(isStep);
      if (last !== undefined) return last;
    }
    return null;
  }

  /** The total training time in seconds, over all processes that trained the run. */
  seconds(): number {
    const times = this.#lines.texts().map((text) => /"time":([\d.e+-]+)/.exec(text ?? "")?.[1]);
    return secondsOfSittings(times.filter((time) => time !== undefined).map(Number));
  }

  /**
   * Reads some steps and all evaluations. Parsing every line of a long run would take seconds.
   *
   * @param points about how many steps to read, at least 1. They are evenly spaced, with the first and the last step
   * among them.
   */
  sample(points: number): MetricsSample {
    return sampleMetrics(this.#lines.texts(), points);
  }

  /** The record of a step, or null if there is none. */
  step(step: number): StepRecord | null {
    return this.read().steps.find((record) => record.step === step) ?? null;
  }

  /** The last evaluation if it follows `step`, else null. */
  evaluationAfter(step: number): EvaluationRecord | null {
    const { evaluation } = this.read();
    return evaluation?.step === step ? evaluation : null;
  }
}
