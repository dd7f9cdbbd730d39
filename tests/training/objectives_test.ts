/**
 * Runs of every objective on a tiny network: each mode, determinism, memory, checkpoints, the momentum target.
 *
 * @module
 */
import { join } from "@std/path";
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";

import { datasetSource, ImageStores } from "../../src/data/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { readSafetensors } from "../../src/formats/mod.ts";
import { philoxNoise } from "../../src/models/mod.ts";
import { objectiveNames } from "../../src/objectives/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { resolveConfig } from "../../src/config/mod.ts";
import { evaluateRun } from "../../src/encoders/mod.ts";
import { loadCheckpoint, readCheckpoint, RunFolder, TrainingState } from "../../src/run/mod.ts";
import { createTrainee, pretrain, trainingState, trainingStep } from "../../src/training/mod.ts";
import { trainedNetworks } from "../../src/config/network.ts";
import { openDevice } from "../devices.ts";

const tiny = {
  dataset: "shapes",
  trainImages: 16,
  testImages: 8,
  width: 4,
  projector: 16,
  batch: 8,
  epochs: 1,
  evalEvery: 0,
  precision: "f32",
};
const observer = { step: () => {}, evaluation: () => {}, skipped: () => {}, stopRequested: () => false };
const modes = ["dual", "vanilla", "gated"] as const;
const image = 32;

/** Trains two steps in a temporary folder and hands the run to `inspect`. */
async function train<T>(
  flags: Record<string, unknown>,
  inspect: (run: RunFolder, device: Device, stores: ImageStores) => T,
): Promise<T> {
  const parent = mkdtempSync(join(tmpdir(), "sluice-objective-"));
  try {
    const config = resolveConfig({ flags: { ...tiny, ...flags } });
    const dataset = datasetSource("shapes").open({ seed: config.seed, trainImages: 16, testImages: 8 });
    using device = openDevice();
    const run = RunFolder.create(join(parent, "run"), config, {});
    await pretrain(device, config, dataset, run, observer);
    assert.equal(device.memory().inUse, 0, "everything is free after the run");
    using stores = new ImageStores(device, dataset);
    return inspect(run, device, stores);
  } finally {
    rmSync(parent, { recursive: true });
  }
}

/** Weights, state and losses of a run, byte for byte. */
function results(run: RunFolder): { checkpoint: Uint8Array; losses: number[] } {
  const lines = readFileSync(join(run.path, "metrics.jsonl"), "utf8").trim().split("\n");
  const losses = lines.map((line) => (JSON.parse(line) as { loss: number }).loss);
  return { checkpoint: readFileSync(run.checkpoints.last()), losses };
}

for (const objective of objectiveNames) {
  for (const mode of modes) {
    Deno.test(`a ${mode} run with ${objective} trains, and repeated gives the same bytes`, async () => {
      const once = await train({ objective, mode }, results);
      assert.ok(once.losses.length === 2 && once.losses.every(Number.isFinite), String(once.losses));
      assert.deepEqual(await train({ objective, mode }, results), once);
    });
  }

  Deno.test(`a checkpoint of ${objective} holds all that is in training, and evaluate takes the network from it`, async () => {
    await train({ objective }, (run, device, stores) => {
      const path = run.checkpoints.last();
      const names = [...readSafetensors(path).tensors.keys()];
      using trainee = createTrainee(device, run.config, image);
      const state = trainingState(trainee, null);
      loadCheckpoint(readCheckpoint(path), state);
      assert.deepEqual(names.toSorted(), [...state.state().keys()].toSorted());
      const isFor = (prefix: string, objectives: readonly string[]) => {
        assert.equal(names.some((name) => name.startsWith(prefix)), objectives.includes(objective), prefix);
      };
      isFor("objective.predictor.", ["simsiam", "byol", "mocov3"]);
      isFor("objective.queue.", ["mocov2plus"]);
      isFor("momentum.conv1.", ["byol", "mocov2plus", "mocov3"]);
      const { networks } = evaluateRun(run, readCheckpoint(path), stores, {
        protocols: ["knn"],
        networks: trainedNetworks("dual"),
      });
      assert.deepEqual(Object.keys(networks), ["dense", "gated"]);
    });
  });
}

Deno.test("weights of another network are still refused where a checkpoint holds more than the network", async () => {
  await train({ objective: "byol" }, (run, device) => {
    using other = createTrainee(device, { ...run.config, projector: 8 }, image);
    const checkpoint = readCheckpoint(run.checkpoints.last());
    assert.throws(() => loadCheckpoint(checkpoint, other.network), InvalidInputError);
  });
});

/** One step of a trainee on random images. */
function step(
  device: Device,
  flags: Record<string, unknown>,
  inspect: (work: () => void, parts: TrainingState) => void,
) {
  const config = resolveConfig({ flags: { ...tiny, optimizer: "sgd", ...flags } });
  using _scope = new Scope();
  using trainee = createTrainee(device, config, image);
  const draw = (stream: number) => {
    const random = new RandomStream(1, stream, 0);
    const values = Float32Array.from({ length: 8 * image * image * 3 }, () => random.normal());
    return Tensor.from(device, values, [8, image, image, 3]);
  };
  const views = [draw(80), draw(81)] as const;
  const { network, momentum, objective } = trainee;
  inspect(() => {
    const noise = (pass: number) => philoxNoise(device, { seed: 0, step: 0 }, pass);
    using _report = trainingStep(trainee, config, { views, epoch: 0, rate: 0.1, progress: 0.5, noise });
  }, new TrainingState(network, { objective: objective.module, momentum }));
}

function valuesOf(state: TrainingState): Map<string, Float32Array> {
  return new Map([...state.state()].map(([name, tensor]) => [name, tensor.toFloat32()]));
}

Deno.test("the momentum copy begins as the network, and after a step has moved as its average says", () => {
  using device = openDevice();
  step(device, { objective: "byol" }, (work, state) => {
    const parameters = [...state.parameters()].map(([name]) => name).filter((name) => name.startsWith("momentum."));
    const buffers = [...state.buffers()].map(([name]) => name).filter((name) => name.startsWith("momentum."));
    const before = valuesOf(state);
    for (const name of [...parameters, ...buffers]) {
      assert.deepEqual(before.get(name), before.get(name.slice("momentum.".length)), name);
    }
    work();
    const after = valuesOf(state);
    const keeps = 0.995; // half of the run is done
    let moved = 0;
    for (const name of parameters) {
      const network = after.get(name.slice("momentum.".length)) ?? new Float32Array();
      after.get(name)?.forEach((value, i) => {
        const expected = keeps * (before.get(name)?.[i] ?? NaN) + (1 - keeps) * (network[i] ?? NaN);
        assert.ok(Math.abs(value - expected) <= 1e-6 * Math.max(1, Math.abs(expected)), `${name} ${value} ${expected}`);
        if (value !== before.get(name)?.[i]) moved++;
      });
    }
    assert.ok(moved > 1000, `${moved} values moved`);
  });
});

Deno.test("the momentum copy's running statistics are of its own passes", () => {
  using device = openDevice();
  step(device, { objective: "byol" }, (work, state) => {
    work();
    const first = valuesOf(state);
    // Equal weights, views and batches: the statistics are equal after the first step where the gates, whose noise is their own, have not come between.
    assert.deepEqual(first.get("momentum.bn1.running_mean"), first.get("bn1.running_mean"));
    assert.notDeepEqual(
      first.get("momentum.layer1.0.gated_bn2.running_mean"),
      first.get("layer1.0.gated_bn2.running_mean"),
    );
    work();
    const second = valuesOf(state);
    assert.notDeepEqual(second.get("momentum.bn1.running_mean"), first.get("momentum.bn1.running_mean"));
    assert.notDeepEqual(second.get("momentum.bn1.running_mean"), second.get("bn1.running_mean"));
  });
});

Deno.test("mocov2plus's queues take both comparisons' keys of a symmetric step, after it", () => {
  using device = openDevice();
  step(device, { objective: "mocov2plus", symmetric: true }, (work, state) => {
    const before = valuesOf(state).get("objective.queue.a") ?? new Float32Array();
    work();
    const after = valuesOf(state).get("objective.queue.a") ?? new Float32Array();
    assert.deepEqual(after.slice(16 * 16), before.slice(0, before.length - 16 * 16));
    assert.notDeepEqual(after.slice(0, 16 * 16), before.slice(0, 16 * 16));
  });
});

Deno.test("without its invariance term vicreg still reports it, and the objective is what is left", async () => {
  await train({ invariance: false }, (run) => {
    const [line = ""] = readFileSync(join(run.path, "metrics.jsonl"), "utf8").split("\n");
    const { terms } = JSON.parse(line) as { terms: Record<string, number> };
    const { invariance = NaN, variance = NaN, covariance = NaN, objective = NaN } = terms;
    assert.ok(invariance > 0);
    assert.ok(Math.abs(objective - 25 * variance - covariance) <= 1e-5 * objective);
  });
});

Deno.test("bytes in use are the same after every step, whatever the objective keeps", () => {
  for (const objective of objectiveNames) {
    using device = openDevice();
    step(device, { objective }, (work) => {
      work();
      const { inUse } = device.memory();
      for (let again = 0; again < 3; again++) work();
      assert.equal(device.memory().inUse, inUse, objective);
    });
    assert.equal(device.memory().inUse, 0, objective);
  }
});
