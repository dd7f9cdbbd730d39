/**
 * Runs of every objective on a tiny network: records, checkpoints, the momentum target, memory.
 *
 * @module
 */
import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
  fail,
} from "@std/assert";
import { join } from "@std/path";
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
import { loadCheckpoint, readCheckpoint, RunFolder, type StepRecord, TrainingState } from "../../src/run/mod.ts";
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
    assertEquals(device.memory().inUse, 0, "everything is free after the run");
    using stores = new ImageStores(device, dataset);
    return inspect(run, device, stores);
  } finally {
    rmSync(parent, { recursive: true });
  }
}

/** Each objective as a weighted sum of its recorded terms and a constant. */
const formulas: Readonly<
  Record<string, { readonly weights: Readonly<Record<string, number>>; readonly constant: number }>
> = {
  vicreg: { weights: { invariance: 25, variance: 25, covariance: 1 }, constant: 0 },
  vibcreg: { weights: { invariance: 25, variance: 25, covariance: 200 }, constant: 0 },
  "barlow-twins": { weights: { onDiagonal: 0.024, offDiagonal: 0.024 * 0.0051 }, constant: 0 },
  simclr: { weights: { contrast: 1 }, constant: 0 },
  simsiam: { weights: { cosine: -1 }, constant: 0 },
  byol: { weights: { cosine: -4 }, constant: 4 },
  mocov2plus: { weights: { contrast: 1 }, constant: 0 },
  mocov3: { weights: { contrast: 4 * 0.2 }, constant: 0 },
};

/** The records of a run's steps. */
function stepsOf(run: RunFolder): readonly StepRecord[] {
  const lines = readFileSync(join(run.path, "metrics.jsonl"), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as StepRecord);
}

for (const objective of objectiveNames) {
  Deno.test(`a run with ${objective} records its terms, saves all that is trained, and evaluates from its checkpoint`, async () => {
    await train({ objective }, (run, device, stores) => {
      const steps = stepsOf(run);
      assertEquals(steps.length, 2);
      for (const { terms, loss } of steps) {
        const { macs = NaN, bound = NaN, objective: value = NaN, ...own } = terms;
        const { weights, constant } = formulas[objective] ?? fail(objective);
        assertEquals(Object.keys(own).toSorted(), Object.keys(weights).toSorted());
        const sum = Object.entries(weights).reduce(
          (sum, [name, weight]) => sum + weight * (own[name] ?? NaN),
          constant,
        );
        assertAlmostEquals(value, sum, 1e-5 * Math.abs(sum), `${value}, not ${sum}`);
        assertAlmostEquals(value + macs + bound, loss, 1e-6 * Math.abs(loss), `${value} + ${macs} + ${bound}`);
      }
      const path = run.checkpoints.last();
      const names = [...readSafetensors(path).tensors.keys()];
      using trainee = createTrainee(device, run.config, image);
      const state = trainingState(trainee, null);
      loadCheckpoint(readCheckpoint(path), state);
      assertEquals(names.toSorted(), [...state.state().keys()].toSorted());
      const isFor = (prefix: string, objectives: readonly string[]) => {
        assertEquals(names.some((name) => name.startsWith(prefix)), objectives.includes(objective), prefix);
      };
      isFor("objective.predictor.", ["simsiam", "byol", "mocov3"]);
      isFor("objective.queue.", ["mocov2plus"]);
      isFor("momentum.conv1.", ["byol", "mocov2plus", "mocov3"]);
      const { networks } = evaluateRun(run, readCheckpoint(path), stores, {
        protocols: ["knn"],
        networks: trainedNetworks("dual"),
      });
      assertEquals(Object.keys(networks), ["dense", "gated"]);
    });
  });
}

Deno.test("a checkpoint with an objective's tensors is refused by a network of another size", async () => {
  await train({ objective: "byol" }, (run, device) => {
    using other = createTrainee(device, { ...run.config, projector: 8 }, image);
    const checkpoint = readCheckpoint(run.checkpoints.last());
    assertThrows(() => loadCheckpoint(checkpoint, other.network), InvalidInputError);
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

Deno.test("the momentum copy starts equal to the network, and follows it by the moving average", () => {
  using device = openDevice();
  step(device, { objective: "byol" }, (work, state) => {
    const parameters = [...state.parameters()].map(([name]) => name).filter((name) => name.startsWith("momentum."));
    const buffers = [...state.buffers()].map(([name]) => name).filter((name) => name.startsWith("momentum."));
    const before = valuesOf(state);
    for (const name of [...parameters, ...buffers]) {
      assertEquals(before.get(name), before.get(name.slice("momentum.".length)), name);
    }
    work();
    const after = valuesOf(state);
    const keeps = 0.995; // 1 - 0.01 (cos(pi / 2) + 1) / 2, in the middle of the run
    let moved = 0;
    for (const name of parameters) {
      const network = after.get(name.slice("momentum.".length)) ?? new Float32Array();
      after.get(name)?.forEach((value, i) => {
        const expected = keeps * (before.get(name)?.[i] ?? NaN) + (1 - keeps) * (network[i] ?? NaN);
        assertAlmostEquals(value, expected, 1e-6 * Math.max(1, Math.abs(expected)), `${name} ${value} ${expected}`);
        if (value !== before.get(name)?.[i]) moved++;
      });
    }
    assertGreater(moved, 1000, `${moved} values moved`);
  });
});

Deno.test("the momentum copy takes running statistics from its own passes", () => {
  using device = openDevice();
  step(device, { objective: "byol" }, (work, state) => {
    work();
    const first = valuesOf(state);
    // Before the first gate the statistics are equal. Gates draw different noise in network and copy.
    assertEquals(first.get("momentum.bn1.running_mean"), first.get("bn1.running_mean"));
    assertNotEquals(
      first.get("momentum.layer1.0.gated_bn2.running_mean"),
      first.get("layer1.0.gated_bn2.running_mean"),
    );
    work();
    const second = valuesOf(state);
    assertNotEquals(second.get("momentum.bn1.running_mean"), first.get("momentum.bn1.running_mean"));
    assertNotEquals(second.get("momentum.bn1.running_mean"), second.get("bn1.running_mean"));
  });
});

Deno.test("the queues of mocov2plus take the keys of both comparisons after a symmetric step", () => {
  using device = openDevice();
  step(device, { objective: "mocov2plus", symmetric: true }, (work, state) => {
    const before = valuesOf(state).get("objective.queue.a") ?? new Float32Array();
    work();
    const after = valuesOf(state).get("objective.queue.a") ?? new Float32Array();
    assertEquals(after.slice(16 * 16), before.slice(0, before.length - 16 * 16));
    assertNotEquals(after.slice(0, 16 * 16), before.slice(0, 16 * 16));
  });
});

Deno.test("vicreg without its invariance term reports the term, and does not add it to the objective", async () => {
  await train({ invariance: false }, (run) => {
    const { invariance = NaN, variance = NaN, covariance = NaN, objective = NaN } = stepsOf(run)[0]?.terms ?? {};
    assertGreater(invariance, 0);
    assertAlmostEquals(objective - 25 * variance, covariance, 1e-5 * objective);
  });
});

Deno.test("bytes in use are the same after every step, with every objective", () => {
  for (const objective of objectiveNames) {
    using device = openDevice();
    step(device, { objective }, (work) => {
      work();
      const { inUse } = device.memory();
      for (let again = 0; again < 3; again++) work();
      assertStrictEquals(device.memory().inUse, inUse, objective);
    });
    assertEquals(device.memory().inUse, 0, objective);
  }
});
