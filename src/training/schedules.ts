/**
 * What changes from epoch to epoch: learning rates, the gates' temperature, and the tightness of the bounds.
 *
 * @module
 */
import type { BudgetOptions } from "../budget/mod.ts";
import type { RunConfig } from "../config/options.ts";
import { warmupCosine } from "../optim/mod.ts";

/** Learning rate of the warm-up's first epoch. */
const WARMUP_START = 0.003;

/** Base learning rate of the rotation head, as published. */
const ROTATION_RATE = 0.1;

/** The learning rate of an epoch, counted from 0: a linear warm-up, then half a cosine to 0. */
export function learningRate(config: Pick<RunConfig, "epochs" | "warmupEpochs" | "lr">, epoch: number): number {
  const { epochs, warmupEpochs, lr } = config;
  return warmupCosine(epoch, { epochs, warmupEpochs, startRate: Math.min(WARMUP_START, lr), peakRate: lr });
}

/** The options that decide the learning rates of a step. */
export type RateConfig = Pick<RunConfig, "epochs" | "warmupEpochs" | "lr" | "rotationHead">;

/**
 * The learning rates of an epoch, counted from 0. The rotation head's rate starts like the network's, but has a peak of
 * its own. With `rotationHead: "relu"`, as in the first version, it is the network's rate times a constant.
 */
export function stepRates(config: RateConfig, epoch: number): { readonly rate: number; readonly rotationRate: number } {
  const rate = learningRate(config, epoch);
  const rotationRate = config.rotationHead === "relu"
    ? rate * (ROTATION_RATE / config.lr)
    : learningRate({ ...config, lr: ROTATION_RATE }, epoch);
  return { rate, rotationRate };
}

/**
 * The temperature tau of the gates' sigmoid in an epoch, counted from 0. It is constant, or with `gateTemperatureEnd`
 * it changes by an equal factor each epoch, from the end of the gate warm-up to the last epoch.
 */
export function gateTemperature(
  config: Pick<RunConfig, "gateTemperature" | "gateTemperatureEnd" | "gateWarmup" | "epochs">,
  epoch: number,
): number {
  const { gateTemperature: start, gateTemperatureEnd: end, gateWarmup, epochs } = config;
  const annealed = epochs - 1 - gateWarmup;
  if (end === null || annealed <= 0) return end ?? start;
  const progress = Math.min(1, Math.max(0, (epoch - gateWarmup) / annealed));
  return start * (end / start) ** progress;
}

/**
 * The budget's settings in an epoch, counted from 0. The bounds are tight at first (p = 1) and loosen as p = exp(-alpha
 * epoch); their epochs count from the end of the gate warm-up.
 *
 * @param multiplier the price of cost; defaults to 0. The published rule does not use it.
 */
export function budgetOptions(
  config: Pick<RunConfig, "budget" | "boundAlpha" | "gateWarmup">,
  epoch: number,
  multiplier = 0,
): BudgetOptions {
  const tightness = Math.exp(-config.boundAlpha * Math.max(0, epoch - config.gateWarmup));
  return { target: config.budget, tightness, multiplier };
}
