/**
 * The lines of a `metrics.jsonl` as they are read: what is no record of a step or an evaluation is told from what is.
 *
 * @module
 */
import { z } from "zod";
import { parseJsonObject } from "../formats/mod.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";

/** JSON has no NaN and no infinities: they are written as null. */
const number = z.number().nullable().default(null).transform((value) => value ?? NaN);
const count = z.int().nonnegative();
const share = z.number().nullable().default(null);

// Keys that a later version adds are passed on.
const step = z.looseObject({
  step: count,
  steps: count,
  epoch: count,
  loss: number,
  terms: z.record(z.string(), number).default({}),
  share,
  noiseFreeShare: share,
  multiplier: number,
  lr: number,
  viewsPerSecond: number,
  wait: number,
  time: number,
});

const watch = z.looseObject({
  knn20: number,
  cost: z.looseObject({ macs: number, share: number }),
  health: z.looseObject({ featureStd: number, effectiveRank: number, covariance: number }),
});

const evaluation = z.looseObject({
  step: count,
  epoch: count,
  networks: z.object({ dense: watch.exactOptional(), gated: watch.exactOptional() }),
});

/** Whether a line of metrics is an evaluation's. */
export function isEvaluation(record: StepRecord | EvaluationRecord): record is EvaluationRecord {
  return "networks" in record;
}

/** Whether a line of metrics is a step's. */
export function isStep(record: StepRecord | EvaluationRecord): record is StepRecord {
  return !isEvaluation(record);
}

/**
 * The record that an object of a line is: NaN in place of numbers that were not finite. Null if it is none, because its line is damaged.
 */
export function metricsRecord(record: Readonly<Record<string, unknown>>): StepRecord | EvaluationRecord | null {
  if ("networks" in record) return evaluation.safeParse(record).data as EvaluationRecord | undefined ?? null;
  return step.safeParse(record).data ?? null;
}

/** As {@linkcode metricsRecord}, from a line's text; null of a line too long to be one. */
export function parseMetricsLine(text: string | null): StepRecord | EvaluationRecord | null {
  const record = text === null ? null : parseJsonObject(text);
  return record === null ? null : metricsRecord(record);
}
