/**
 * The schedule of a run's learning rate.
 *
 * @module
 */
import { warmupCosine } from "../optim/mod.ts";
import type { RunConfig } from "./options.ts";

/** Rate of the first epoch of the warm-up. */
const WARMUP_START = 0.003;

/** The learning rate of an epoch, from 0: linear warm-up, then half a cosine to 0. */
export function learningRate(config: Pick<RunConfig, "epochs" | "warmupEpochs" | "lr">, epoch: number): number {
  const { epochs, warmupEpochs, lr } = config;
  return warmupCosine(epoch, { epochs, warmupEpochs, startRate: Math.min(WARMUP_START, lr), peakRate: lr });
}
