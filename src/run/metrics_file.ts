/**
 * A run's `metrics.jsonl`: a line a step, and a line an evaluation.
 *
 * @module
 */
import { JsonLines } from "../formats/mod.ts";
import { isEvaluation, isStep, metricsRecord } from "./metrics_record.ts";
import { type MetricsSample, sampleMetrics } from "./metrics_sample.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";

/** Bytes at a file's end that hold its last step: the second number if a long evaluation follows it, the third if damage does. */
const END_BYTES = [1 << 16, 1 << 20, 1 << 25];

/** What a file holds, as far as it is whole. */
export interface Metrics {
  /** The steps in order. */
  readonly steps: readonly StepRecord[];
  /** The last evaluation, or null without one. */
  readonly evaluation: EvaluationRecord | null;
  /** Numbers of the damaged lines, from 1: they are left out. */
  readonly damaged: readonly number[];
}

/**
 * Seconds of all sittings together.
 *
 * @param times of steps in order, the last one of each sitting among them; each sitting counts from its own beginning.
 */
export function secondsOfSittings(times: readonly number[]): number {
  return times.reduce((sum, time, index) => {
    const next = times[index + 1];
    return next === undefined || next < time ? sum + time : sum;
  }, 0);
}

/** Steps in order, each evaluation after the step it follows. */
export class MetricsFile {
  readonly #lines: JsonLines<StepRecord | EvaluationRecord>;

  /** A file that need not be there yet. */
  constructor(path: string) {
    this.#lines = new JsonLines(path, metricsRecord);
  }

  /**
   * Adds a line.
   *
   * @param check as {@linkcode appendToFile} has it.
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
   * Takes away what was written after a step was recorded: later steps, and evaluations after it; and damaged lines.
   *
   * @param step the last one to stay, from 1; 0 takes all away.
   * @returns numbers of the damaged lines, from 1.
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

  /** The last step, found without reading the whole file; null before the first. */
  lastStep(): StepRecord | null {
    for (const bytes of END_BYTES) {
      const last = this.#lines.readEnd(bytes).findLast(isStep);
      if (last !== undefined) return last;
    }
    return null;
  }

  /** Seconds that training took, in all its sittings together; each counts from its own beginning. */
  seconds(): number {
    const times = this.#lines.texts().map((text) => /"time":([\d.e+-]+)/.exec(text ?? "")?.[1]);
    return secondsOfSittings(times.filter((time) => time !== undefined).map(Number));
  }

  /**
   * Reads some steps, and all evaluations: parsing every line takes seconds for a long run, or for hundreds.
   *
   * @param points about how many steps to read, evenly spaced, 1 or more; the first and the last are among them.
   */
  sample(points: number): MetricsSample {
    return sampleMetrics(this.#lines.texts(), points);
  }

  /** A step as it was recorded; null if it was not. */
  step(step: number): StepRecord | null {
    return this.read().steps.find((record) => record.step === step) ?? null;
  }

  /** The evaluation after the last step, if that is `step`; else null. */
  evaluationAfter(step: number): EvaluationRecord | null {
    const { evaluation } = this.read();
    return evaluation?.step === step ? evaluation : null;
  }
}
