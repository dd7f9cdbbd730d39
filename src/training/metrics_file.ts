/**
 * A run's `metrics.jsonl`: a line a step, and a line an evaluation.
 *
 * @module
 */
import { JsonLines } from "../formats/mod.ts";
import { type MetricsSample, sampleMetrics } from "./metrics_sample.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";

function isEvaluation(record: Readonly<Record<string, unknown>>): boolean {
  return "networks" in record;
}

/** What a file holds, as far as it is whole. */
export interface Metrics {
  /** The steps in order. */
  readonly steps: readonly StepRecord[];
  /** The last evaluation, or null without one. */
  readonly evaluation: EvaluationRecord | null;
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
  readonly #lines: JsonLines;

  /** A file that need not be there yet. */
  constructor(path: string) {
    this.#lines = new JsonLines(path);
  }

  /** Adds a line. */
  append(record: StepRecord | EvaluationRecord): void {
    this.#lines.append(record);
  }

  /**
   * Takes away what was written after a step was recorded: later steps, evaluations after it, and whatever follows a damaged line.
   *
   * @param step the last one to stay, from 1; 0 takes all away.
   */
  cutAfter(step: number): void {
    this.#lines.cut((record) => Number(record["step"]) < step || (record["step"] === step && !isEvaluation(record)));
  }

  /** Reads the whole file. Its records are this program's own, and are taken as they are. */
  read(): Metrics {
    const records = this.#lines.read().map(({ record }) => record);
    const steps = records.filter((record) => !isEvaluation(record)) as unknown as StepRecord[];
    const evaluations = records.filter(isEvaluation) as unknown as EvaluationRecord[];
    return { steps, evaluation: evaluations.at(-1) ?? null };
  }

  /** The last step, found without reading the whole file; null before the first. */
  lastStep(): StepRecord | null {
    const records = this.#lines.readEnd().map(({ record }) => record);
    return records.findLast((record) => !isEvaluation(record)) as unknown as StepRecord | undefined ?? null;
  }

  /** Seconds that training took, in all its sittings together; each counts from its own beginning. */
  seconds(): number {
    return secondsOfSittings(Array.from(this.#lines.text().matchAll(/"time":([\d.e-]+)/g), ([, time]) => Number(time)));
  }

  /**
   * Reads some steps, and all evaluations: parsing every line takes seconds for a long run, or for hundreds.
   *
   * @param points about how many steps to read, evenly spaced, 1 or more; the first and the last are among them.
   */
  sample(points: number): MetricsSample {
    return sampleMetrics(this.#lines.text(), points);
  }

  /** A step as it was recorded; null where it was not. */
  step(step: number): StepRecord | null {
    return this.read().steps.find((record) => record.step === step) ?? null;
  }

  /** The evaluation after the last step, if that is `step`; else null. */
  evaluationAfter(step: number): EvaluationRecord | null {
    const { evaluation } = this.read();
    return evaluation?.step === step ? evaluation : null;
  }
}
