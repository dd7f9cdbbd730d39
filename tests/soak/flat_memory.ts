/**
 * Soak test: every training step frees all the memory that it used.
 *
 * @module
 */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Device } from "../../src/device/mod.ts";
import { philoxNoise } from "../../src/models/mod.ts";
import { cast } from "../../src/ops/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { resolveConfig, type RunConfig } from "../../src/config/config.ts";
import { trainingStep } from "../../src/training/step.ts";
import { createTrainee, type Trainee } from "../../src/training/trainee.ts";
import type { SoakTest } from "./soak.ts";

const image = 16;

function drawView(device: Device, config: RunConfig, precision: "f32" | "bf16", step: number, view: number): Tensor {
  const random = new RandomStream(config.seed, view, step);
  const shape = [config.batch, image, image, 3];
  const values = Float32Array.from({ length: config.batch * image * image * 3 }, () => random.normal());
  return cast(null, Tensor.from(device, values, shape), precision);
}

function step(device: Device, trainee: Trainee, config: RunConfig, precision: "f32" | "bf16", number: number): void {
  using _scope = new Scope();
  const view = (which: number) => drawView(device, config, precision, number, which);
  const views = [view(1), view(2)] as const;
  const noise = (pass: number) => philoxNoise(device, { seed: config.seed, step: number }, pass);
  using report = trainingStep(trainee, config, { views, epoch: 0, rate: config.lr, noise });
  for (const [name, value] of Object.entries(report.read())) {
    assert(Number.isFinite(value), `step ${number}: ${name}`);
  }
}

/**
 * Trains a small network, and asserts that bytes in use, buffers and reserved bytes after every step equal those
 * after the tenth step.
 *
 * @param seed seed of the weights and the views.
 * @param precision element type of the views, and so of the steps.
 * @returns the largest number of bytes in use at any time.
 */
export function assertFlatMemory(steps: number, seed: number, precision: "f32" | "bf16"): number {
  const flags = { width: 4, projector: 32, batch: 8, lr: 0.002, symmetric: true, seed, threads: 1, device: "cpu" };
  const config = resolveConfig({ flags });
  using device = Device.open({ device: config.device, threads: config.threads });
  const empty = device.memory().inUse;
  {
    using trainee = createTrainee(device, config, image);
    const settled = 10;
    for (let number = 0; number < settled; number++) step(device, trainee, config, precision, number);
    const { inUse, live, reserved } = device.memory();
    for (let number = settled; number < steps; number++) {
      step(device, trainee, config, precision, number);
      const now = device.memory();
      assertEquals([now.inUse, now.live, now.reserved], [inUse, live, reserved], `after step ${number}`);
    }
  }
  assertStrictEquals(device.memory().inUse, empty, "a disposed network frees all its memory");
  return device.memory().peak;
}

/** 5,000 training steps: 500 of each of ten networks. */
export const trainWithFlatMemory: SoakTest = {
  name: "bytes in use are flat over 500 steps, for ten networks",
  trials: 10,
  portion: 1,
  run(begin, end) {
    for (let trial = begin; trial < end; trial++) assertFlatMemory(500, trial, "f32");
  },
};
