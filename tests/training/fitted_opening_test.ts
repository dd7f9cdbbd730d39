/**
 * Tests of the gates' opening at the end of a run, with costs that are counted over every image.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertExists } from "@std/assert";
import { resolveConfig } from "../../src/config/mod.ts";
import { DeviceImages, shapes } from "../../src/data/mod.ts";
import { encodeSplit } from "../../src/evaluation/mod.ts";
import { gatedMacs } from "../../src/models/mod.ts";
import { fitOpening } from "../../src/training/fitted_opening.ts";
import { createTrainee, openGates, type Trainee } from "../../src/training/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();
const dataset = shapes.open({ seed: 0, trainImages: 300, testImages: 1 });
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

Deno.test("the fitted opening is where the cost passes the budget, and the same one every time", () => {
  withTrainee((trainee, images) => {
    const before = costOf(trainee, images);
    for (const budget of [0.35, 0.6, 0.75]) {
      const fitted = fitOpening(trainee, images, budget);
      assertExists(fitted);
      const cost = costOf(trainee, images);
      assertAlmostEquals(fitted.before, before, 1e-6);
      assertAlmostEquals(fitted.after, cost, 1e-6);
      assertEquals(fitted.opening, trainee.network.encoderOf("gated").opening);
      assertEquals(fitted.opening > 0, before < budget);
      openGates(trainee, 0);
      assertEquals(fitOpening(trainee, images, budget), fitted);
      if (Math.abs(cost - budget) > 0.0005) {
        // The gates of an untrained network are alike, and many open at once.
        const costs = [-1e-3, 1e-3].map((difference) => {
          openGates(trainee, fitted.opening + difference);
          return costOf(trainee, images);
        });
        assert(Math.min(...costs) < budget && Math.max(...costs) > budget, `${costs} on both sides of ${budget}`);
      }
      openGates(trainee, 0);
    }
  });
});

Deno.test("gates within a quarter of a point, and gates that cannot reach the budget, stay as they are", () => {
  withTrainee((trainee, images) => {
    const before = costOf(trainee, images);
    for (const budget of [before, before + 0.0024, before - 0.0024, -9, 9]) {
      assertEquals(fitOpening(trainee, images, budget), null);
      assertEquals(trainee.network.encoderOf("gated").opening, 0);
      assertAlmostEquals(costOf(trainee, images), before, 1e-12);
    }
  });
});

Deno.test("gates with logits of 0 are not closed as a whole", () => {
  withTrainee((trainee, images) => {
    fillParameters(trainee, /^layer[34]\..*fc2\.weight$/, 0);
    const before = costOf(trainee, images);
    assertEquals(fitOpening(trainee, images, before - 0.01), null);
    assertEquals(trainee.network.encoder.opening, 0);
    assertAlmostEquals(fitOpening(trainee, images, before + 0.01)?.after ?? NaN, before + 0.01, 0.0025);
  });
});
