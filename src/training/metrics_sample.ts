/**
 * Takes from a long `metrics.jsonl` what curves are drawn from, without parsing the whole of it.
 *
 * @module
 */
import { parseJsonObject } from "../formats/mod.ts";
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

/** A line of a text: where it begins, and where its end mark is. */
interface Line {
  readonly begin: number;
  readonly end: number;
}

/** The line that a place in a text belongs to. */
function lineAround(text: string, place: number): Line {
  const begin = place === 0 ? 0 : text.lastIndexOf("\n", place - 1) + 1;
  return { begin, end: text.indexOf("\n", place) };
}

/** The step that a line holds; null where it is an evaluation, or damaged. */
function stepOf(text: string, { begin, end }: Line): StepRecord | null {
  const record = parseJsonObject(text.slice(begin, end));
  return record === null || "networks" in record ? null : record as unknown as StepRecord;
}

/** About so many steps of a text of whole lines, evenly spaced over it: all lines of steps are about as long. */
function sampleSteps(text: string, points: number): StepRecord[] {
  const found = new Map<number, StepRecord>();
  /** Adds the step of a line. Returns false where there is none. */
  const add = (line: Line): boolean => {
    if (found.has(line.begin)) return true;
    const step = stepOf(text, line);
    if (step !== null) found.set(line.begin, step);
    return step !== null;
  };
  for (let point = 0; point < points; point++) {
    let line = lineAround(text, Math.floor(point * text.length / points));
    while (!add(line) && line.end + 1 < text.length) line = lineAround(text, line.end + 1);
  }
  let last = lineAround(text, text.length - 1);
  while (!add(last) && last.begin > 0) last = lineAround(text, last.begin - 1);
  return [...found.values()];
}

function findEvaluations(text: string): EvaluationRecord[] {
  const evaluations: EvaluationRecord[] = [];
  for (let place = text.indexOf(evaluationKey); place >= 0;) {
    const { begin, end } = lineAround(text, place);
    const record = parseJsonObject(text.slice(begin, end));
    if (record !== null && "networks" in record) evaluations.push(record as unknown as EvaluationRecord);
    place = text.indexOf(evaluationKey, end);
  }
  return evaluations;
}

/**
 * Samples the lines of a `metrics.jsonl`. Damaged lines, and a part of a line behind the last one's end, are left out.
 *
 * @param points about how many steps to take, 1 or more.
 */
export function sampleMetrics(text: string, points: number): MetricsSample {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole === "") return { steps: [], evaluations: [] };
  return { steps: sampleSteps(whole, points), evaluations: findEvaluations(whole) };
}
