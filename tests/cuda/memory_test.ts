/**
 * A run that finds no memory for its batch, on a device of which a test can say how much it has.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { datasetSource } from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";
import { OutOfMemoryError } from "../../src/errors.ts";
import { pretrain, resolveConfig, RunFolder } from "../../src/training/mod.ts";

const MEBIBYTE = 2 ** 20;

/** One step of a run on the stand-in with `mebibytes` of memory. */
async function firstStep(batch: number, mebibytes: number): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), "sluice-memory-"));
  Deno.env.set("HOSTCUDA_MEMORY", String(mebibytes * MEBIBYTE));
  try {
    const flags = { dataset: "shapes", trainImages: 128, testImages: 16, width: 4, projector: 16, batch, epochs: 1 };
    const config = resolveConfig({ flags: { ...flags, evalEvery: 0, precision: "f32" } });
    const dataset = datasetSource("shapes").open({ seed: 0, trainImages: 128, testImages: 16 });
    using device = Device.open({ device: "cuda" });
    const run = RunFolder.create(join(parent, "run"), config, {});
    await pretrain(device, config, dataset, run, { step() {}, evaluation() {}, stopRequested: () => true });
  } finally {
    Deno.env.delete("HOSTCUDA_MEMORY");
    rmSync(parent, { recursive: true });
  }
}

Deno.test({
  name: "a batch that does not fit the device is refused with the request, the memory in use and a batch that fits",
  ignore: Deno.env.get("SLUICE_TEST_STAND_IN") === undefined,
  fn: async () => {
    const memory = 24;
    let fitting = 0;
    await assert.rejects(() => firstStep(128, memory), (error) => {
      assert.ok(error instanceof OutOfMemoryError);
      const sentence = /no room for \d+ bytes: \d+ bytes are in use.*; a batch of (\d+) would fit, give --batch \1$/;
      fitting = Number(sentence.exec(error.message)?.[1]);
      assert.match(error.message, sentence);
      return true;
    });
    assert.ok(fitting > 4 && fitting < 128, String(fitting));
    await firstStep(fitting, memory);
  },
});
