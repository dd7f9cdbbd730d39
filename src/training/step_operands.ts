/**
 * What a step reads from device memory besides its network, because it changes from step to step.
 *
 * @module
 */
import { type Price, priceOf } from "../budget/mod.ts";
import type { Device } from "../device/mod.ts";
import { type GateNoise, scaledNoise } from "../models/mod.ts";
import { Tensor } from "../tensor/mod.ts";
import { budgetOptions, gateTemperature } from "./schedules.ts";
import type { StepConfig, StepInputs } from "./step_inputs.ts";

/** Views, turns, noise and price on the device. */
export interface StepOperands {
  /** Two augmented views of the same images, [N, H, W, 3] each. */
  readonly views: readonly [Tensor, Tensor];
  /** Quarter turns of each image in dense passes, [N] i32; null for no turns. */
  readonly turns: Tensor | null;
  /** The noise of the step's n-th pass. */
  readonly noise: (pass: number) => GateNoise;
  /** The price of cost. */
  readonly price: Price;
}

/** Puts the inputs of a step on the device; the innermost open scope owns the tensors. */
export function stepOperands(device: Device, config: StepConfig, inputs: StepInputs): StepOperands {
  const { views, epoch, turns, noise, noiseScale: scale, budget = budgetOptions(config, epoch) } = inputs;
  const scaled = scaledNoise(device, { temperature: gateTemperature(config, epoch), scale });
  return {
    views,
    turns: turns === undefined ? null : Tensor.from(device, turns, [turns.length]),
    noise: (pass) => scaled(noise(pass)),
    price: priceOf(device, budget),
  };
}
