/**
 * Trains a few steps of a small network with the same inputs on every device.
 *
 * @module
 */
import type { Device } from "../../src/device/mod.ts";
import { philoxNoise } from "../../src/models/mod.ts";
import { randomImages } from "../../src/bench/images.ts";
import { resolveConfig } from "../../src/config/mod.ts";
import { type Precision, withPrecision } from "../../src/tensor/mod.ts";
import { createTrainee, type StepInputs, trainingStep } from "../../src/training/mod.ts";

/**
 * Small as in a warm-up. At a rate of 0.1, a rounding difference grows about twentyfold per step on such a small
 * network and batch.
 */
const RATE = 0.0005;

/** The paper's budget rule, whose terms act on the gates from the first step, unlike the controller's price. */
const flags = {
  out: "unused",
  width: 8,
  stem: "cifar-paper",
  projector: 32,
  batch: 8,
  seed: 7,
  gateWarmup: 0,
  budgetRule: "paper",
};

/**
 * Trains in mode `dual`. Weights and noise come from one seed, and each step has new views.
 *
 * @returns the scalars of each step by name, including `loss`.
 */
export function shortRun(device: Device, steps: number, precision: Precision = "f32"): Record<string, number>[] {
  const config = resolveConfig({ flags: { ...flags, precision } });
  using trainee = createTrainee(device, config, 32);
  return Array.from({ length: steps }, (_, step) => {
    using first = randomImages(device, config.batch, 2 * step, precision);
    using second = randomImages(device, config.batch, 2 * step + 1, precision);
    const noise = (pass: number) => philoxNoise(device, { seed: config.seed, step }, pass);
    const inputs: StepInputs = { views: [first, second], epoch: 0, rate: RATE, noise };
    using report = withPrecision(device, precision, () => trainingStep(trainee, config, inputs));
    return report.read();
  });
}
