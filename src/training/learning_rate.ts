/**
 * The schedule of a run's learning rate.
 *
 * @module
 */
import { warmupCosine } from "../optim/mod.ts";
import type { RunConfig } from "../config/options.ts";

/** Rate of the first epoch of the warm-up. */
const WARMUP_START = 0.003;

/** Base learning rate of the rotation head, as published. */
const ROTATION_RATE = 0.1;

/** The learning rate of an epoch, from 0: linear warm-up, then half a cosine to 0. */
export function learningRate(config: Pick<RunConfig, "epochs" | "warmupEpochs" | "lr">, epoch: number): number {
  const { epochs, warmupEpochs, lr } = config;
  return warmupCosine(epoch, { epochs, warmupEpochs, startRate: Math.min(WARMUP_START, lr), peakRate: lr });
}

/** The options that the rates of a step follow from. */
export type RateConfig = Pick<RunConfig, "epochs" | "warmupEpochs" | "lr" | "rotationHead">;

/**
 * The learning rates of an epoch's steps. That of the rotation head follows the same schedule from the same first rate, to a
 * base rate of its own; the first version scaled the whole schedule, its first rate too.
 */
export function stepRates(config: RateConfig, epoch: number): { readonly rate: number; readonly rotationRate: number } {
  const rate = learningRate(config, epoch);
  const rotationRate = config.rotationHead === "relu"
    ? rate * (ROTATION_RATE / config.lr)
    : learningRate({ ...config, lr: ROTATION_RATE }, epoch);
  return { rate, rotationRate };
}
