/**
 * The trainer on a tiny network: determinism, flat memory, stopping, the schedule of passes.
 *
 * @module
 */
import { join } from "@std/path";
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";

import { datasetSource } from "../../src/data/mod.ts";
import { readSafetensors } from "../../src/formats/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { CollapseError, DivergenceError } from "../../src/errors.ts";
import { resolveConfig } from "../../src/config/mod.ts";
import { RunFolder, type StepRecord, type TrainingObserver } from "../../src/run/mod.ts";
import { plannedPairs, pretrain } from "../../src/training/mod.ts";
import { deviceHasBf16, openDevice } from "../devices.ts";

const tiny = {
  dataset: "shapes",
  trainImages: 64,
  testImages: 32,
  width: 4,
  projector: 16,
  batch: 8,
  epochs: 2,
  evalEvery: 1,
  precision: "f32",
};

function quiet(overrides: Partial<TrainingObserver> = {}): TrainingObserver {
  return { step: () => {}, evaluation: () => {}, skipped: () => {}, stopRequested: () => false, ...overrides };
}

/** Trains in a temporary folder and hands the folder to `inspect`. */
async function train<T>(
  flags: Record<string, unknown>,
  observer: TrainingObserver,
  inspect: (path: string, device: Device) => T,
): Promise<T> {
  const parent = mkdtempSync(join(tmpdir(), "sluice-trainer-"));
  try {
    const config = resolveConfig({ flags: { ...tiny, ...flags } });
    const { trainImages, testImages } = tiny;
    const dataset = datasetSource("shapes").open({ seed: config.seed, trainImages, testImages });
    using device = openDevice();
    const run = RunFolder.create(join(parent, "run"), config, {});
    await pretrain(device, config, dataset, run, observer);
    return inspect(run.path, device);
  } finally {
    rmSync(parent, { recursive: true });
  }
}

/** Weights and metrics of a run, times taken out. */
function results(path: string): { weights: Uint8Array; metrics: StepRecord[] } {
  const lines = readFileSync(join(path, "metrics.jsonl"), "utf8").trim().split("\n");
  const metrics = lines.map((line) => ({ ...JSON.parse(line) as StepRecord, time: 0, wait: 0, viewsPerSecond: 0 }));
  return { weights: readFileSync(join(path, "checkpoints", "last.safetensors")), metrics };
}

for (const mode of ["dual", "vanilla", "gated"] as const) {
  Deno.test(`a ${mode} run repeated gives the same weights and metrics, bit for bit`, async () => {
    const once = await train({ mode }, quiet(), results);
    const twice = await train({ mode }, quiet(), results);
    assert.deepEqual(once.metrics, twice.metrics);
    assert.deepEqual(once.weights, twice.weights);
    assert.equal(once.metrics.length, 2 * 8 + 2);
  });
}

Deno.test("encoders that share nothing are two networks in one checkpoint, and both are trained", async () => {
  const separate = await train({ separateEncoders: true, epochs: 1 }, quiet(), (path) => {
    return readSafetensors(join(path, "checkpoints", "last.safetensors")).tensors;
  });
  const initial = await train({ separateEncoders: true, epochs: 1, lr: 1e-30 }, quiet(), (path) => {
    return readSafetensors(join(path, "checkpoints", "last.safetensors")).tensors;
  });
  const weight = "layer3.0.conv2.weight";
  for (const name of [weight, `gated_encoder.${weight}`, "gated_encoder.layer1.0.gate.fc1.weight"]) {
    assert.notDeepEqual(separate.get(name)?.data, initial.get(name)?.data, name);
  }
  assert.notDeepEqual(separate.get(weight)?.data, separate.get(`gated_encoder.${weight}`)?.data);
  assert.ok(![...separate.keys()].some((name) => name.startsWith("layer") && name.includes("gate")));
});

Deno.test("with rotation a head is trained at its own rate, and its loss is a term", async () => {
  const { metrics } = await train({ rotation: true, epochs: 1 }, quiet(), results);
  const rotations = metrics.flatMap((record) => "loss" in record ? [record.terms["rotation"] ?? NaN] : []);
  assert.equal(rotations.length, 8);
  // A fifth of the cross-entropy of a guess among four, at first.
  assert.ok(Math.abs((rotations[0] ?? NaN) - 0.2 * Math.log(4)) < 0.05, rotations.join());
  assert.ok(rotations.every(Number.isFinite), rotations.join());
  const names = await train({ rotation: true, epochs: 1 }, quiet(), (path) => {
    return [...readSafetensors(join(path, "checkpoints", "last.safetensors")).tensors.keys()];
  });
  assert.equal(names.filter((name) => name.startsWith("rotation_head.")).length, 10);
});

for (
  const variant of [
    { separateNorm: false },
    { symmetric: true },
    { gateWarmup: 1 },
    { gateReduction: 2, gateBias: 1, gateTemperature: 1, gateTemperatureEnd: 0.3 },
    { budgetRule: "paper" },
    { arch: "resnet34" },
    { arch: "resnet50" },
  ]
) {
  Deno.test(`a run with ${JSON.stringify(variant)} trains, and its losses are finite`, async () => {
    const { metrics } = await train(variant, quiet(), results);
    const steps = metrics.filter((record) => "loss" in record);
    assert.equal(steps.length, 16);
    assert.ok(steps.every(({ loss }) => Number.isFinite(loss)));
  });
}

const ofBf16 = "a run in bf16 repeated gives the same weights and metrics, bit for bit, and others than in f32";
Deno.test({ name: ofBf16, ignore: !deviceHasBf16() }, async () => {
  const once = await train({ epochs: 1, precision: "bf16" }, quiet(), results);
  const twice = await train({ epochs: 1, precision: "bf16" }, quiet(), results);
  assert.deepEqual(once.metrics, twice.metrics);
  assert.deepEqual(once.weights, twice.weights);
  const wide = await train({ epochs: 1 }, quiet(), results);
  const [first, other] = [wide.metrics[0], once.metrics[0]] as [StepRecord, StepRecord];
  assert.notEqual(first.loss, other.loss);
  // The same images, weights and noise: the first losses differ by rounding.
  assert.ok(Math.abs(other.loss / first.loss - 1) < 0.03, `${other.loss} is not about ${first.loss}`);
});

Deno.test("where the images lie does not show in weights and metrics", async () => {
  const there = await train({ epochs: 2 }, quiet(), results);
  const streamed = await train({ epochs: 2, dataOnDevice: false }, quiet(), results);
  assert.deepEqual(streamed.metrics, there.metrics);
  assert.deepEqual(streamed.weights, there.weights);
});

Deno.test("another seed gives other weights", async () => {
  const one = await train({ seed: 1, epochs: 1 }, quiet(), results);
  const other = await train({ seed: 2, epochs: 1 }, quiet(), results);
  assert.notDeepEqual(one.weights, other.weights);
});

Deno.test("bytes in use are flat over 200 steps", async () => {
  const inUse: number[] = [];
  let open: Device | undefined;
  const parent = mkdtempSync(join(tmpdir(), "sluice-memory-"));
  try {
    const config = resolveConfig({ flags: { ...tiny, epochs: 25, evalEvery: 0 } });
    const dataset = datasetSource("shapes").open({ seed: 0, trainImages: 64, testImages: 32 });
    using device = openDevice();
    open = device;
    const run = RunFolder.create(join(parent, "run"), config, {});
    const observer = quiet({ step: () => inUse.push(open?.memory().inUse ?? 0) });
    await pretrain(device, config, dataset, run, observer);
    assert.equal(device.memory().inUse, 0, "everything is free after the run");
  } finally {
    rmSync(parent, { recursive: true });
  }
  assert.equal(inUse.length, 200);
  assert.ok((inUse[0] ?? 0) > 0);
  assert.deepEqual(new Set(inUse.slice(1, 7)), new Set(inUse.slice(9, 15)));
  assert.equal(inUse[2], inUse[197]);
});

Deno.test("a run that is asked to stop saves its weights and says so", async () => {
  let steps = 0;
  const observer = quiet({ stopRequested: () => ++steps === 3 });
  await train({ evalEvery: 0 }, observer, (path) => {
    const { metrics } = results(path);
    assert.equal(metrics.length, 3);
  });
});

Deno.test("a run that is asked to stop in an evaluation stops there, saved and without its record", async () => {
  for (const lastStep of [0, 8]) {
    let done = 0;
    const observer = quiet({ step: ({ step }) => done = step, stopRequested: () => done === lastStep });
    await train({ epochs: 1, warmupEpochs: 0 }, observer, (path) => {
      const text = readFileSync(join(path, "metrics.jsonl"), "utf8");
      assert.equal(text.split("\n").length - 1, lastStep);
      assert.doesNotMatch(text, /networks/);
      // Before the first step there is nothing to save.
      assert.equal(existsSync(join(path, "checkpoints", "last.safetensors")), lastStep > 0);
    });
  }
});

Deno.test("a loss that is not finite ends the run, naming the step and the rate", async () => {
  await assert.rejects(
    train({ optimizer: "sgd", lr: 1e6, warmupEpochs: 0, epochs: 20, evalEvery: 0 }, quiet(), () => {}),
    (error) => error instanceof DivergenceError && /step \d+: .*--lr 1000000/.test(error.message),
  );
});

Deno.test("features that have become alike for all images end the run, after it was saved and recorded", async () => {
  const parent = mkdtempSync(join(tmpdir(), "sluice-collapse-"));
  try {
    // Weights decay to nothing, and below a norm's epsilon the features with them.
    const flags = { ...tiny, optimizer: "sgd", lr: 0.001, weightDecay: 100, warmupEpochs: 0, epochs: 10 };
    const config = resolveConfig({ flags });
    const dataset = datasetSource("shapes").open({ seed: 0, trainImages: 64, testImages: 32 });
    using device = openDevice();
    const run = RunFolder.create(join(parent, "run"), config, {});
    await assert.rejects(pretrain(device, config, dataset, run, quiet()), (error) => {
      return error instanceof CollapseError &&
        /step \d+: .*collapsed.*--lr 0\.001 or --weight-decay 100/.test(error.message);
    });
    const { metrics } = results(run.path);
    assert.ok("networks" in (metrics.at(-1) as object));
    assert.equal(device.memory().inUse, 0, "everything is free after the run");
  } finally {
    rmSync(parent, { recursive: true });
  }
});

Deno.test("checkpoints are kept at the interval asked for", async () => {
  const names = await train({ epochs: 4, checkpointEvery: 2, evalEvery: 0 }, quiet(), (path) => {
    return readdirSync(join(path, "checkpoints")).sort();
  });
  const kept = ["epoch-0002", "epoch-0004", "last", "last-1"].map((name) => `${name}.safetensors`);
  assert.deepEqual(names, kept.sort());
});

Deno.test("dual sends view 1 through the gates and view 2 around them; symmetric adds the exchange", () => {
  const pair = [{ pass: "gated", view: 0 }, { pass: "dense", view: 1 }];
  const exchanged = [{ pass: "gated", view: 1 }, { pass: "dense", view: 0 }];
  assert.deepEqual(plannedPairs({ mode: "dual", symmetric: false, gateWarmup: 0 }, 0), [pair]);
  assert.deepEqual(plannedPairs({ mode: "dual", symmetric: true, gateWarmup: 0 }, 0), [pair, exchanged]);
});

Deno.test("every pass is dense during the gate warm-up", () => {
  const dense = [[{ pass: "dense", view: 0 }, { pass: "dense", view: 1 }]];
  assert.deepEqual(plannedPairs({ mode: "gated", symmetric: false, gateWarmup: 2 }, 1), dense);
  assert.equal(plannedPairs({ mode: "gated", symmetric: false, gateWarmup: 2 }, 2)[0]?.[0].pass, "gated");
});
