/**
 * Where a run keeps its images.
 *
 * @module
 */
import type { EvaluatorOptions } from "../evaluation/mod.ts";
import type { RunConfig } from "./options.ts";

/** On the device, or with the host in batches of the run's size. */
export function evaluatorOptions(config: Pick<RunConfig, "seed" | "batch" | "dataOnDevice">): EvaluatorOptions {
  return { seed: config.seed, streamedBatch: config.dataOnDevice ? undefined : config.batch };
}
