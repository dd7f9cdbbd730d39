/**
 * Finds out from a run's log why the run would fail again if it resumed: a loss that is not finite, or useless
 * features.
 *
 * @module
 */
import { SluiceError } from "../errors.ts";
import { checkHealth } from "../evaluation/mod.ts";
import type { Pass } from "../models/mod.ts";
import type { RunConfig } from "../config/options.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";
import type { RunState } from "./run_state.ts";

/** The last records of a run's log. */
export interface LastRecords {
  /** The last step, or null before the first. */
  readonly last: StepRecord | null;
  /** The last evaluation, or null before the first. */
  readonly evaluation: EvaluationRecord | null;
}

/** What is wrong with the features of an evaluation, in a line; null if nothing is. */
function illHealth({ networks, step }: EvaluationRecord, { untrained }: RunState, config: RunConfig): string | null {
  try {
    for (const [network, watch] of Object.entries(networks)) {
      const before = untrained[network as Pass];
      if (before !== undefined) checkHealth(watch.health, before, { network, step, ...config });
    }
    return null;
  } catch (error) {
    if (error instanceof SluiceError) return error.message;
    throw error;
  }
}

/**
 * Why a run would fail again if it resumed, in a line; null if no reason is known. Steps repeat bit for bit, so a loss
 * that was not finite would not be finite again.
 *
 * @param state state of the latest checkpoint, or null before the first.
 */
export function failureOf(
  config: RunConfig,
  state: RunState | null,
  { last, evaluation }: LastRecords,
): string | null {
  if (last !== null && !Number.isFinite(last.loss) && last.step > (state?.step ?? 0)) {
    const remedy = "begin again with a smaller --lr, or a longer --warmup-epochs";
    return `step ${last.step}: the loss is not finite at --lr ${config.lr}; ${remedy}`;
  }
  if (state === null || evaluation === null || evaluation.step !== state.step) return null;
  return illHealth(evaluation, state, config);
}
