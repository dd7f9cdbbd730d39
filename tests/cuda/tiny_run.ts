/**
 * Trains the first step of a tiny run on a CUDA device.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";

import { datasetSource } from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";
import { resolveConfig } from "../../src/config/mod.ts";
import { RunFolder } from "../../src/run/mod.ts";
import { preparePlans, pretrain } from "../../src/training/mod.ts";

/** The files of the run. */
export interface TinyRun {
  /** Bytes of the last checkpoint. */
  readonly checkpoint: Uint8Array<ArrayBuffer>;
  /** Text of `plans.txt`, or null if there is none. */
  readonly plans: string | null;
}

/** Trains one step with these options, in a temporary folder. */
export async function tinyRun(options: Readonly<Record<string, unknown>>): Promise<TinyRun> {
  const parent = mkdtempSync(join(tmpdir(), "sluice-tiny-"));
  try {
    const images = { trainImages: 128, testImages: 16 };
    const flags = { dataset: "shapes", ...images, width: 4, projector: 16, epochs: 1, evalEvery: 0, precision: "f32" };
    const config = resolveConfig({ flags: { ...flags, ...options } });
    const dataset = datasetSource("shapes").open({ seed: 0, ...images });
    using device = Device.open({ device: "cuda" });
    preparePlans(device, config);
    const run = RunFolder.create(join(parent, "run"), config, {});
    const observer = { step() {}, evaluation() {}, skipped() {}, stopRequested: () => true };
    await pretrain(device, config, dataset, run, observer);
    const plans = join(run.path, "plans.txt");
    return {
      checkpoint: Deno.readFileSync(run.checkpoints.last()),
      plans: existsSync(plans) ? Deno.readTextFileSync(plans) : null,
    };
  } finally {
    rmSync(parent, { recursive: true });
  }
}
