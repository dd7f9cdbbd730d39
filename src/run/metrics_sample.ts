/**
 * Samples a long `metrics.jsonl` for curves, without parsing all of it.
 *
 * @module
 */
import { isEvaluation, isStep, parseMetricsLine } from "./metrics_record.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";

/** Steps and evaluations to draw curves from. */
export interface MetricsSample {
  /** Some steps in order, the first and the last among them. */
  readonly steps: readonly StepRecord[];
  /** Every evaluation in order. */
  readonly evaluations: readonly EvaluationRecord[];
}

/** Text that stands in the line of every evaluation, and of no step. */
const evaluationKey = '"networks":';

/** About `points` steps, evenly spaced over the lines. */
function sampleSteps(lines: readonly (string | null)[], points: number): StepRecord[] {
  const found = new Map<number, StepRecord>();
  /** Adds the step of a line. Returns false if the line holds none. */
  const add = (line: number): boolean => {
    if (found.has(line)) return true;
    const record = parseMetricsLine(lines[line] ?? null);
    if (record === null || !isStep(record)) return false;
    found.set(line, record);
    return true;
  };
  for (let point = 0; point < points; point++) {
    let line = Math.floor(point * lines.length / points);
    while (line < lines.length && !add(line)) line++;
  }
  let last = lines.length - 1;
  while (last >= 0 && !add(last)) last--;
  return [...found].sort(([a], [b]) => a - b).map(([, record]) => record);
}

/**
 * Samples the lines of a `metrics.jsonl`, and leaves damaged lines out.
 *
 * @param lines the lines; null for a line that is too long to read.
 * @param points about how many steps to take, at least 1.
 */
export function sampleMetrics(lines: readonly (string | null)[], points: number): MetricsSample {
  const evaluations = lines.flatMap((line) => {
    const record = line?.includes(evaluationKey) ? parseMetricsLine(line) : null;
    return record !== null && isEvaluation(record) ? [record] : [];
  });
  return { steps: sampleSteps(lines, points), evaluations };
}
