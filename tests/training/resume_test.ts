/**
 * A run that stops and resumes writes the same bytes as an uninterrupted run.
 *
 * @module
 */
import { assert, assertEquals, assertNotEquals, fail } from "@std/assert";
import { join } from "@std/path";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";

import { datasetSource } from "../../src/data/mod.ts";
import { objectiveNames } from "../../src/objectives/mod.ts";
import { resolveConfig, type RunConfig } from "../../src/config/mod.ts";
import {
  type Checkpoint,
  isFinished,
  RunFolder,
  type TrainingObserver,
  type TrainingResult,
} from "../../src/run/mod.ts";
import { pretrain } from "../../src/training/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();
const images = { trainImages: 64, testImages: 32 };
/** 8 steps an epoch, 24 in all. The cost on plain images is measured after steps 10 and 20. */
const tiny = {
  dataset: "shapes",
  ...images,
  width: 4,
  projector: 16,
  batch: 8,
  epochs: 3,
  evalEvery: 1,
  checkpointEvery: 2,
  precision: "f32",
};

function datasetOf(config: RunConfig) {
  return datasetSource("shapes").open({ seed: config.seed, ...images });
}

/** Trains until `stopAfter` steps of this call are done, or to the end. */
async function train(
  run: RunFolder,
  stopAfter: number,
  checkpoint: Checkpoint | null,
  evaluation: TrainingObserver["evaluation"] = () => {},
) {
  let steps = 0;
  const observer: TrainingObserver = {
    step: () => {},
    evaluation,
    skipped: () => {},
    stopRequested: () => ++steps >= stopAfter,
  };
  return await pretrain(device, run.config, datasetOf(run.config), run, observer, checkpoint);
}

function whole(run: RunFolder): Checkpoint {
  return run.latestCheckpoint((line) => fail(line));
}

/** The metrics without times, and two checkpoints. */
function results({ path }: RunFolder) {
  const lines = readFileSync(join(path, "metrics.jsonl"), "utf8").split("\n");
  const times = /,"viewsPerSecond":[^,]*,"wait":[^,]*,"time":[^,}]*/;
  const bytesOf = (name: string) => readFileSync(join(path, "checkpoints", name));
  return {
    metrics: lines.map((line) => line.replace(times, "")),
    last: bytesOf("last.safetensors"),
    second: bytesOf("epoch-0002.safetensors"),
  };
}

async function inFolder<T>(test: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-resume-"));
  try {
    return await test(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Compares an uninterrupted run with a run that stops after each of the given numbers of steps, and resumes.
 *
 * @returns the last evaluation.
 */
async function compare(
  flags: Record<string, unknown>,
  stops: readonly number[],
): Promise<TrainingResult["networks"]> {
  return await inFolder(async (folder) => {
    const config = resolveConfig({ flags: { ...tiny, ...flags } });
    const undisturbed = RunFolder.create(join(folder, "undisturbed"), config, {});
    assertEquals((await train(undisturbed, Infinity, null)).stopped, false);
    const expected = results(undisturbed);
    const run = RunFolder.create(join(folder, "run"), config, {});
    let checkpoint: Checkpoint | null = null;
    for (const steps of stops) {
      assertEquals((await train(run, steps, checkpoint)).stopped, true);
      checkpoint = whole(RunFolder.open(run.path));
      assert(!isFinished(run, config, checkpoint, datasetOf(config)));
    }
    const { networks } = await train(run, Infinity, checkpoint);
    const found = results(run);
    assertEquals(found.metrics, expected.metrics);
    assertEquals(found.last, expected.last);
    assertEquals(found.second, expected.second);
    assert(isFinished(run, config, whole(run), datasetOf(config)));
    return networks;
  });
}

for (const mode of ["dual", "vanilla", "gated"]) {
  Deno.test(`a ${mode} run stopped in the middle of epochs resumes to the same bytes`, async () => {
    // After steps 3, 10 (while the cost on plain images is measured), 11, 16 (the last of an epoch), and 23.
    await compare({ mode }, [3, 7, 1, 5, 7]);
  });
}

Deno.test("a run stopped after its last step, and while its gates are brought to the budget, resumes to the same bytes", async () => {
  const { gated } = await compare({ budget: 0.8 }, [24, 1, 2, 3]);
  assertNotEquals(gated?.opening, 0, "the opening was fitted");
});

Deno.test("a run of many budgets, stopped in training and while its norms are estimated, resumes to the same bytes", async () => {
  // After steps 5 and 24, and after the first knots.
  await compare({ budget: "0.7..0.9" }, [5, 19, 1, 3]);
  await compare({ budget: "0.7..0.8", mode: "gated", evalEvery: 0 }, [13]);
  await compare({ budget: "0.7..0.8", objective: "byol", evalEvery: 0 }, [13]);
});

Deno.test("a longer run of a fitted one trains without the fitted opening, and fits its own", async () => {
  await inFolder(async (folder) => {
    const config = resolveConfig({ flags: { ...tiny, budget: 0.8 } });
    const run = RunFolder.create(join(folder, "run"), config, {});
    const openingOf = ({ networks }: TrainingResult) => networks.gated?.opening;
    const first = openingOf(await train(run, Infinity, null));
    const longer = RunFolder.create(join(folder, "longer"), { ...config, epochs: 6 }, {});
    const openings = new Map<number, number | undefined>();
    const result = await train(longer, Infinity, whole(run), ({ epoch, networks: { gated } }) => {
      openings.set(epoch, gated?.opening);
    });
    assertNotEquals(first, 0);
    assertEquals([openings.get(4), openings.get(5)], [0, 0]);
    assertNotEquals(openingOf(result), first);
  });
});

for (const objective of objectiveNames.filter((name) => name !== "vicreg")) {
  Deno.test(`a run with ${objective} resumes to the same bytes`, async () => {
    await compare({ objective, evalEvery: 0 }, [13]);
  });
}

for (
  const variant of [
    { rotation: true },
    { rotation: true, rotationHead: "relu" },
    { separateEncoders: true },
    { symmetric: true, separateNorm: false },
    { gateWarmup: 1, gateTemperatureEnd: 0.3 },
    { gateWarmup: 1, copyNorms: false },
    { objective: "mocov3", gateWarmup: 1 },
    { recipe: "paper", budgetRule: "default" },
    { gateWarmup: 0, budgetRamp: 2, vanillaShare: 0.4 },
    { mode: "gated", gateWarmup: 0, budgetRamp: 2 },
    { objective: "byol", gateWarmup: 0, budgetRamp: 2 },
    { budgetRule: "paper" },
    { optimizer: "sgd", lr: 0.01 },
    { dropLast: false, batch: 20 },
    { dataOnDevice: false },
    { arch: "resnet50" },
    { gateGroup: 4 },
    { arch: "resnet50", gateGroup: 2 },
    // This checkpoint is so large that a worker writes it during training.
    { width: 16, projector: 512 },
  ]
) {
  Deno.test(`a run with ${JSON.stringify(variant)} resumes to the same bytes`, async () => {
    await compare({ evalEvery: 0, ...variant }, [5, 2]);
  });
}

Deno.test("a run resumes from a copy of its folder at a checkpoint, whatever was written after the checkpoint", async () => {
  await inFolder(async (folder) => {
    const config = resolveConfig({ flags: tiny });
    const run = RunFolder.create(join(folder, "run"), config, {});
    const copy = join(folder, "copy");
    await train(run, 11, null);
    cpSync(run.path, copy, { recursive: true });
    await train(run, Infinity, whole(run));
    const expected = results(run);
    // As if the process had been killed after the checkpoint: with later lines, the last of them incomplete.
    const metrics = join(copy, "metrics.jsonl");
    const lines = readFileSync(join(run.path, "metrics.jsonl"), "utf8").split("\n");
    Deno.writeTextFileSync(metrics, `${lines.slice(0, 18).join("\n")}\n${lines[18]?.slice(0, 40)}`);
    const again = RunFolder.open(copy);
    await train(again, Infinity, whole(again));
    assertEquals(results(again), expected);
  });
});
