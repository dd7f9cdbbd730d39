/**
 * What changes in the course of a run: learning rates, the gates' temperature, noise and opening, and the budget.
 *
 * @module
 */
import { largestCost } from "../config/budget_range.ts";
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

/** A step's place in its run. Ramps move with every step. */
export interface StepPlace {
  /** Steps done before it. */
  readonly done: number;
  /** Steps of each epoch. */
  readonly stepsPerEpoch: number;
}

/** Share of the run after which the noise has its final scale. (as in DynConv, Verelst and Tuytelaars 2020) */
const NOISE_END = 0.8;

/** The golden ratio's fraction: its multiples spread evenly over 0..1. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Whether a step has no gates and two dense passes: in the gate warm-up, and for the share `vanillaShare` of the steps
 * after it.
 */
export function isVanillaStep(
  { mode, gateWarmup, vanillaShare }: Pick<RunConfig, "mode" | "gateWarmup" | "vanillaShare">,
  { done, stepsPerEpoch }: StepPlace,
): boolean {
  return mode === "vanilla" || done < gateWarmup * stepsPerEpoch || done * GOLDEN % 1 < vanillaShare;
}

/**
 * Whether the gated norms are copied after so many steps: at the end of each epoch of the gate warm-up. The last copy
 * is the one that the gated passes begin with; those before it let the gated network be evaluated and exported.
 */
export function copiesNorms(
  { copyNorms, gateWarmup }: Pick<RunConfig, "copyNorms" | "gateWarmup">,
  { done, stepsPerEpoch }: StepPlace,
): boolean {
  return copyNorms && done > 0 && done <= gateWarmup * stepsPerEpoch && done % stepsPerEpoch === 0;
}

/** The options that decide the ramp of target and opening. */
export type RampConfig = Pick<RunConfig, "budget" | "gateWarmup" | "budgetRamp" | "gateOpening">;

/** c = (1 + cos(pi x)) / 2, with x going from 0 at the end of the gate warm-up to 1 at the end of the ramp. */
function rampLeft({ gateWarmup, budgetRamp }: RampConfig, { done, stepsPerEpoch }: StepPlace): number {
  if (budgetRamp === 0) return 0;
  const progress = Math.min(1, Math.max(0, (done / stepsPerEpoch - gateWarmup) / budgetRamp));
  return (1 + Math.cos(Math.PI * progress)) / 2;
}

/** The target cost of a step, t + (1 - t) c for the budget t. */
export function budgetTarget(config: RampConfig, place: StepPlace): number {
  const budget = largestCost(config.budget);
  return budget + (1 - budget) * rampLeft(config, place);
}

/** What is added to the gates' logits in a step, o c for the opening o. */
export function openingOf(config: RampConfig, place: StepPlace): number {
  return config.gateOpening * rampLeft(config, place);
}

/** The scale sigma of the gates' noise in a step: along a line from `gateNoise` to `gateNoiseEnd`. */
export function noiseScale(
  { gateNoise, gateNoiseEnd, epochs }: Pick<RunConfig, "gateNoise" | "gateNoiseEnd" | "epochs">,
  { done, stepsPerEpoch }: StepPlace,
): number {
  const progress = Math.min(1, done / (NOISE_END * epochs * stepsPerEpoch));
  return gateNoise + ((gateNoiseEnd ?? gateNoise) - gateNoise) * progress;
}

/**
 * The budget's settings in an epoch, counted from 0. The bounds are tight at first (p = 1) and loosen as p = exp(-alpha
 * epoch); their epochs count from the end of the gate warm-up. A tightness of 0 is no bounds.
 *
 * @param target the target cost of the step; defaults to the budget.
 * @param multiplier the price of cost; defaults to 0. The published rule does not use it.
 */
export function budgetOptions(
  config: Pick<RunConfig, "budget" | "bounds" | "boundAlpha" | "gateWarmup">,
  epoch: number,
  target: number = largestCost(config.budget),
  multiplier = 0,
): BudgetOptions {
  const tightness = Math.exp(-config.boundAlpha * Math.max(0, epoch - config.gateWarmup));
  return { target, tightness: config.bounds ? tightness : 0, multiplier };
}
