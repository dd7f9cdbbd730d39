/**
 * Parses the lines of a `metrics.jsonl`, and recognises damaged ones.
 *
 * Steps are checked by hand: a run has a hundred thousand of them, and a schema takes ten times as long as parsing the
 * JSON.
 *
 * @module
 */
import { z } from "zod";
import { parseJsonObject } from "../formats/mod.ts";
import { precisions } from "../tensor/mod.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";

type JsonRecord = Readonly<Record<string, unknown>>;

/** Keys of a step that hold numbers; earlier versions lack some. */
const stepNumbers = ["multiplier", "lr", "viewsPerSecond", "wait", "time"] as const;

/** JSON has no NaN and no infinity; null stands for both. */
const number = z.number().nullable().transform((value) => value ?? NaN);
const count = z.int().nonnegative();
const watch = z.looseObject({
  knn20: number,
  cost: z.looseObject({ macs: number, share: number }),
  opening: number.exactOptional(),
  health: z.looseObject({ featureStd: number, effectiveRank: number, covariance: number }),
});
const evaluation = z.looseObject({
  step: count,
  epoch: count,
  precision: z.enum(precisions).exactOptional(),
  networks: z.object({ dense: watch.exactOptional(), gated: watch.exactOptional() }),
});

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" || value === null;
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

/** The terms of a loss, with NaN for a term that was not finite; null if the value is damaged. */
function termsOf(value: unknown): Record<string, number> | null {
  if (typeof value !== "object" || value === null) return value === undefined ? {} : null;
  const terms = Object.entries(value);
  if (!terms.every(([, term]) => isNumber(term))) return null;
  return terms.some(([, term]) => term === null)
    ? Object.fromEntries(terms.map(([name, term]) => [name, term ?? NaN]))
    : value as Record<string, number>;
}

function stepRecord(record: JsonRecord): StepRecord | null {
  const { step, steps, epoch, loss, terms, share, noiseFreeShare, target } = record;
  const found = termsOf(terms);
  const isStep = isCount(step) && isCount(steps) && isCount(epoch) && isNumber(loss) && found !== null &&
    [share, noiseFreeShare, target].every((value) => isMissing(value) || isNumber(value)) &&
    stepNumbers.every((key) => isMissing(record[key]) || isNumber(record[key]));
  if (!isStep) return null;
  const read: Record<string, unknown> = { ...record, loss: loss ?? NaN, terms: found };
  for (const key of ["share", "noiseFreeShare"]) read[key] ??= null;
  for (const key of stepNumbers) read[key] ??= NaN;
  return read as unknown as StepRecord;
}

/** Whether a record is an evaluation. */
export function isEvaluation(record: StepRecord | EvaluationRecord): record is EvaluationRecord {
  return "networks" in record;
}

/** Whether a record is a step. */
export function isStep(record: StepRecord | EvaluationRecord): record is StepRecord {
  return !isEvaluation(record);
}

/**
 * The record that the JSON object of a line holds, with NaN for numbers that were not finite; null if the line is
 * damaged.
 */
export function metricsRecord(record: JsonRecord): StepRecord | EvaluationRecord | null {
  if ("networks" in record) return evaluation.safeParse(record).data as EvaluationRecord | undefined ?? null;
  return stepRecord(record);
}

/** The record that the text of a line holds; null if the line is damaged, or was too long to read. */
export function parseMetricsLine(text: string | null): StepRecord | EvaluationRecord | null {
  const record = text === null ? null : parseJsonObject(text);
  return record === null ? null : metricsRecord(record);
}
