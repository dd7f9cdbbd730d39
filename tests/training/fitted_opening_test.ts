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
  flags: { mode: "dual", width: 8, projector: 16, recipe: "default", epochs: 5, seed: 3, precision: "f32" },
});

/** Runs with an untrained network, whose gates are half open, and the images. */
function withTrainee(test: (trainee: Trainee, images: DeviceImages) => void): void {
  using trainee = createTrainee(device, config, 32);
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

Deno.test("gates within a quarter of a point stay as they are, and a budget out of reach gives the nearest cost", () => {
  withTrainee((trainee, images) => {
    const before = costOf(trainee, images);
    for (const budget of [before, before + 0.0024, before - 0.0024]) {
      assertEquals(fitOpening(trainee, images, budget), null);
      assertEquals(trainee.network.encoderOf("gated").opening, 0);
    }
    for (const [budget, opening] of [[0.001, -2], [2, 2]] as const) {
      const fitted = fitOpening(trainee, images, budget);
      assertEquals(fitted?.opening, opening);
      assertAlmostEquals(costOf(trainee, images), fitted?.after ?? NaN, 1e-6);
      assertEquals(costOf(trainee, images) < before, budget < before);
      openGates(trainee, 0);
    }
  });
});
