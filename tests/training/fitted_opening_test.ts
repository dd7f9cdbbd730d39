/**
 * Tests of the gates' opening at the end of a run, with costs that are counted over every image.
 *
 * @module
 */
import { assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { resolveConfig } from "../../src/config/mod.ts";
import { DeviceImages, shapes } from "../../src/data/mod.ts";
import { allSteps, encodeSplit } from "../../src/evaluation/mod.ts";
import { gatedMacs } from "../../src/models/mod.ts";
import type { FittedOpening } from "../../src/run/records.ts";
import { fitOpening } from "../../src/training/fitted_opening.ts";
import { createTrainee, openGates, type Trainee } from "../../src/training/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();
const dataset = shapes.open({ seed: 0, trainImages: 100, testImages: 1 });
const config = resolveConfig({
  flags: { mode: "dual", width: 16, projector: 16, recipe: "default", epochs: 5, seed: 3, precision: "f32" },
});

/** Sets every value of the parameters of the gated network whose names fit. */
function fillParameters({ network: { encoder } }: Trainee, names: RegExp, value: number): void {
  for (const [name, parameter] of encoder.parameters()) {
    if (!names.test(name)) continue;
    parameter.value.fill(value);
    parameter.changed();
  }
}

/** Runs with an untrained network, whose gates are half open and have hidden units above 0, and the images. */
function withTrainee(test: (trainee: Trainee, images: DeviceImages) => void): void {
  using trainee = createTrainee(device, config, 32);
  fillParameters(trainee, /gate\d*\.bn\.bias$/, 1);
  using images = new DeviceImages(device, dataset.pretraining, dataset);
  test(trainee, images);
}

function costOf({ network, cost }: Trainee, images: DeviceImages): number {
  using encoded = encodeSplit(network.encoderOf("gated"), "gated", images);
  return gatedMacs(cost, encoded.termShares) / cost.macs;
}

/** Fits the opening, and goes back to none. */
function fitted(trainee: Trainee, images: DeviceImages, budget: number): FittedOpening {
  const result = allSteps(fitOpening(trainee, images, budget));
  assertEquals(trainee.network.encoderOf("gated").opening, result.opening);
  assertAlmostEquals(costOf(trainee, images), result.after, 1e-6);
  openGates(trainee, 0);
  return result;
}

Deno.test("the fitted opening is where the cost passes the budget, and the same one every time", () => {
  withTrainee((trainee, images) => {
    const before = costOf(trainee, images);
    for (const budget of [0.35, 0.6, 0.75]) {
      const first = fitted(trainee, images, budget);
      assertAlmostEquals(first.before, before, 1e-6);
      assertEquals(first.opening > 0, before < budget);
      assertLess(Math.abs(first.after - budget), 0.01);
      assertEquals(fitted(trainee, images, budget), first);
    }
  });
});

Deno.test("gates within a quarter of a point, and gates that cannot reach the budget, stay as they are", () => {
  withTrainee((trainee, images) => {
    const before = costOf(trainee, images);
    for (const budget of [before, before + 0.0024, before - 0.0024, -9, 9]) {
      const { opening, after } = fitted(trainee, images, budget);
      assertEquals(opening, 0);
      assertAlmostEquals(after, before, 1e-6);
    }
  });
});

Deno.test("of a cost that jumps across the budget, the nearer side is taken", () => {
  withTrainee((trainee, images) => {
    // A gate decides alike for every image and channel, so all of its channels close at once.
    fillParameters(trainee, /gate\.bn\.weight$/, 0);
    fillParameters(trainee, /fc2\.weight$/, 0.01);
    const before = costOf(trainee, images);
    const { opening, after } = fitted(trainee, images, 0.01);
    assertLess(opening, 0);
    assertLess(after, 0.2);
    assertEquals(fitted(trainee, images, before - 0.003).opening, 0);
    assertEquals(fitted(trainee, images, after + 0.003).after, after);
  });
});

Deno.test("gates with logits of 0 are not closed as a whole", () => {
  withTrainee((trainee, images) => {
    fillParameters(trainee, /^layer[34]\..*fc2\.weight$/, 0);
    const before = costOf(trainee, images);
    assertEquals(fitted(trainee, images, before - 0.01).opening, 0);
    assertAlmostEquals(fitted(trainee, images, before + 0.01).after, before + 0.01, 0.0025);
  });
});

Deno.test("a fit that is stopped between two batches leaves no memory", () => {
  withTrainee((trainee, images) => {
    const held = device.memory().inUse;
    const steps = fitOpening(trainee, images, 0.9);
    assertEquals(steps.next().done, false);
    assertGreater(device.memory().inUse, held);
    for (const _step of steps) break;
    assertEquals(device.memory().inUse, held);
  });
});
