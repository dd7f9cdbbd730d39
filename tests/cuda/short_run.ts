/**
 * A few training steps of a small network, the same on every device.
 *
 * @module
 */
import type { Device } from "../../src/device/mod.ts";
import { philoxNoise } from "../../src/models/mod.ts";
import { randomImages } from "../../src/bench/images.ts";
import { type Precision, resolveConfig, withPrecision } from "../../src/config/mod.ts";
import { createTrainee, type StepInputs, trainingStep } from "../../src/training/mod.ts";

/** Small, as in a warm-up: at 0.1 a difference of one rounding grows some twentyfold a step, on a network and a batch as small as these. */
const RATE = 0.0005;

/** The published rule: its terms draw at the gates from the first step, without a controller to set a price. */
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
 * Trains `steps` steps in mode `dual`: weights and noise from one seed, each step on views of its own.
 *
 * @returns the scalars of each step by name, `loss` among them.
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
