/**
 * Takes from a long `metrics.jsonl` what curves are drawn from, without parsing the whole of it.
 *
 * @module
 */
import { isEvaluation, isStep, parseMetricsLine } from "./metrics_record.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";

/** What curves are drawn from. */
export interface MetricsSample {
  /** Some steps in order, the first and the last among them. */
  readonly steps: readonly StepRecord[];
  /** Every evaluation in order. */
  readonly evaluations: readonly EvaluationRecord[];
}

/** The key that evaluations have and steps have not, as it stands in a line. */
const evaluationKey = '"networks":';

/** About so many steps, evenly spaced over the lines. */
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
 * Samples the lines of a `metrics.jsonl`. Damaged lines are left out.
 *
 * @param lines null for a line too long to be one.
 * @param points about how many steps to take, 1 or more.
 */
export function sampleMetrics(lines: readonly (string | null)[], points: number): MetricsSample {
  const evaluations = lines.flatMap((line) => {
    const record = line?.includes(evaluationKey) ? parseMetricsLine(line) : null;
    return record !== null && isEvaluation(record) ? [record] : [];
  });
  return { steps: sampleSteps(lines, points), evaluations };
}
