/**
 * The example of a training loop: it does what a run does.
 *
 * @module
 */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { join } from "@std/path";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { resolveConfig } from "../../src/config/mod.ts";
import { datasetSource } from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";
import { RunFolder, type StepRecord } from "../../src/run/mod.ts";
import { pretrain } from "../../src/training/mod.ts";
import { withFolder } from "../folders.ts";
import { trainOnShapes } from "./training_loop.ts";

Deno.test(
  "the loop of the example makes the steps of a run with the same options, until the run's later price shows",
  withFolder(async (folder) => {
    const flags = {
      trainImages: 32,
      testImages: 1,
      width: 8,
      projector: 64,
      batch: 16,
      epochs: 1,
      warmupEpochs: 1,
      lr: 0.02,
      budget: 0.4,
      recipe: "paper",
      budgetRule: "default",
      evalEvery: 0,
      precision: "f32",
      device: "cpu",
    };
    const config = resolveConfig({ flags });
    const dataset = datasetSource("shapes").open({ seed: 0, trainImages: 32, testImages: 1 });
    using device = Device.open({ device: "cpu", threads: 1 });
    const records: StepRecord[] = [];
    await pretrain(device, config, dataset, RunFolder.create(join(folder, "run"), config, {}), {
      step: (record) => records.push(record),
      evaluation: () => {},
      skipped: () => {},
      stopRequested: () => false,
    });
    const expected = records.map(({ terms, share }) => ({ objective: terms["objective"], share }));
    assertEquals(expected.length, 2);
    assertEquals(trainOnShapes(32, 1), expected);
  }),
);

Deno.test("the example fits one screen", () => {
  const text = readFileSync(fileURLToPath(new URL("./training_loop.ts", import.meta.url)), "utf8");
  assertLessOrEqual(text.trimEnd().split("\n").length, 70);
});
