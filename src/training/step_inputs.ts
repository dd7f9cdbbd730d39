/**
 * What a training step is given.
 *
 * @module
 */
import { largestCost } from "../config/budget_range.ts";
import type { BudgetOptions } from "../budget/mod.ts";
import type { RunConfig } from "../config/options.ts";
import type { NoiseSource } from "../models/mod.ts";
import type { Collective } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { FeatureListener } from "./online_probes.ts";
import { budgetOptions } from "./schedules.ts";

/** The images and the settings of one step. */
export interface StepInputs {
  /** Two augmented views of the same images, [N, H, W, 3] each. */
  readonly views: readonly [Tensor, Tensor];
  /** The epoch, counted from 0. */
  readonly epoch: number;
  /** Learning rate. */
  readonly rate: number;
  /** Learning rate of the rotation head; defaults to `rate`. */
  readonly rotationRate?: number;
  /**
   * Share of the run's steps that are done, in 0..1; a momentum network follows more slowly towards the end. Defaults
   * to 0.
   */
  readonly progress?: number;
  /** Target, bounds and price of cost; defaults to {@linkcode budgetOptions} at price 0. */
  readonly budget?: BudgetOptions;
  /** Whether the step has no gates although its run does; false by default. */
  readonly isVanilla?: boolean;
  /** The noise of the step's n-th pass. */
  readonly noise: (pass: number) => NoiseSource;
  /** The factor of the noise; defaults to 1. */
  readonly noiseScale?: number;
  /**
   * Quarter turns of each image in dense passes, int32 [N], for a network with a rotation head; defaults to no turns.
   */
  readonly turns?: Int32Array<ArrayBuffer> | undefined;
  /** Gets the features of every pass after the update; its own computations take no part in the step. */
  readonly listener?: FeatureListener | undefined;
  /** Exchanges statistics between the run's processes; a single process by default. */
  readonly collective?: Collective;
}

/** The options of a run that a step reads. */
export type StepConfig = Pick<
  RunConfig,
  | "mode"
  | "symmetric"
  | "epochs"
  | "gateWarmup"
  | "gateTemperature"
  | "gateTemperatureEnd"
  | "budget"
  | "budgetRule"
  | "bounds"
  | "boundAlpha"
>;

/** The inputs that the native calls of a step contain as numbers. If they change, a step has to be recorded anew. */
export interface StepConstants {
  /** Whether the step has no gates. */
  readonly isVanilla: boolean;
  /** The target cost, as far as the budget terms contain it: the default rule without bounds reads it on the device. */
  readonly target: number;
  /** The tightness of the bounds. */
  readonly tightness: number;
  /** Whether features are kept through the backward sweep, for a listener. */
  readonly keepsFeatures: boolean;
}

/** The constants of a step. */
export function stepConstants(config: StepConfig, inputs: StepInputs): StepConstants {
  const { isVanilla = false, budget = budgetOptions(config, inputs.epoch) } = inputs;
  const { target, tightness } = budget;
  const isRead = config.budgetRule === "paper" || tightness > 0;
  return {
    isVanilla,
    target: isRead ? target : largestCost(config.budget),
    tightness,
    keepsFeatures: inputs.listener !== undefined,
  };
}
