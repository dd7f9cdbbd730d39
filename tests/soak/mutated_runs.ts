/**
 * Soak test: a run's folder with a damaged file is read as far as it is intact, or refused.
 *
 * @module
 */
import { join } from "@std/path";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { shapes } from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";
import { resolveConfig } from "../../src/config/mod.ts";
import { checkConfig, readStatus, RunFolder } from "../../src/run/mod.ts";
import { pretrain } from "../../src/training/mod.ts";
import { damageFiles } from "./damage.ts";
import type { SoakTest } from "./soak.ts";

const paths = ["config.yaml", "metrics.jsonl", join("checkpoints", "last.safetensors")];

/** The files of the smallest run. */
async function soundFiles(): Promise<(readonly [string, Uint8Array])[]> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-sound-"));
  try {
    const images = { trainImages: 8, testImages: 4 };
    const flags = { dataset: "shapes", ...images, width: 4, projector: 4, batch: 4, epochs: 1, precision: "f32" };
    const config = resolveConfig({ flags: { ...flags, mode: "gated", budget: 1 } });
    const run = RunFolder.create(join(folder, "run"), config, { sluice: "0" });
    const observer = { step: () => {}, evaluation: () => {}, skipped: () => {}, stopRequested: () => false };
    using device = Device.open({ device: "cpu", threads: 1 });
    await pretrain(device, config, shapes.open({ seed: 0, ...images }), run, observer);
    return paths.map((path) => [path, new Uint8Array(readFileSync(join(run.path, path)))] as const);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Reads a run's folder as resuming the run and showing its status do. */
function read(folder: string): void {
  const run = RunFolder.open(folder);
  const checkpoint = run.latestCheckpoint(() => {});
  checkConfig(checkpoint, run.config);
  readStatus(run);
  run.rewind(checkpoint.state.step, () => {});
}

/** 5,000 runs with one damaged file: configuration, metrics or checkpoint. */
export const mutateRuns: SoakTest = {
  name:
    "damaged configurations, metrics and checkpoints of runs are read as far as they are intact, or refused by name",
  trials: 5_000,
  portion: 500,
  async run(begin, end) {
    damageFiles(await soundFiles(), [begin, end], read);
  },
};
