/**
 * The number of steps of a run, and whether they are done.
 *
 * @module
 */
import { batchesIn, type Dataset, stepsPerEpoch } from "../data/mod.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { RunConfig } from "../config/options.ts";
import type { RunFolder } from "./run_folder.ts";
import { failureOf } from "./run_health.ts";
import type { RunState } from "./run_state.ts";

/** The options that decide the number of steps of a run. */
export type RunLength = Pick<RunConfig, "epochs" | "batch" | "dropLast">;

/** Steps of a whole run. @throws {InvalidInputError} if the data set holds less than one batch. */
export function stepsOf({ epochs, batch, dropLast }: RunLength, dataset: Dataset): number {
  return stepsPerEpoch({ dataset, batch, dropLast }) * epochs;
}

/** Steps of a whole run, from the number of images in its state. */
export function stepsFrom({ images }: RunState, { epochs, batch, dropLast }: RunLength): number {
  return batchesIn(images, { batch, dropLast }) * epochs;
}

/** Whether the state holds all steps of a run of this length, and the gates are at the budget if they can be. */
export function isTrained(state: RunState | null, length: RunLength): state is RunState {
  return state !== null && state.step >= stepsFrom(state, length) && state.isFitted !== false;
}

/**
 * Whether a run is finished: all steps are done, the networks were evaluated after the last step, and their features
 * passed the check of {@linkcode failureOf}.
 */
export function isFinished(run: RunFolder, config: RunConfig, { state }: Checkpoint, dataset: Dataset): boolean {
  if (state.step < stepsOf(config, dataset) || state.isFitted === false) return false;
  if (config.evalEvery === 0 || dataset.labelled === null) return true;
  const evaluation = run.metrics.evaluationAfter(state.step);
  return evaluation !== null && failureOf(config, state, { last: null, evaluation }) === null;
}
