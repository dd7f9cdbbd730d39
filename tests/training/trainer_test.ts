/**
 * The trainer on a tiny network: determinism, the effect of options, flat memory, stopping, the schedule of passes.
 *
 * @module
 */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertIsError,
  assertLess,
  assertNotEquals,
  assertNotMatch,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { join } from "@std/path";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";

import { datasetSource } from "../../src/data/mod.ts";
import { readSafetensors } from "../../src/formats/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { CollapseError, DivergenceError } from "../../src/errors.ts";
import { resolveConfig } from "../../src/config/mod.ts";
import { type EvaluationRecord, RunFolder, type StepRecord, type TrainingObserver } from "../../src/run/mod.ts";
import { pretrain } from "../../src/training/mod.ts";
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
  // Gates are drawn from the first step on.
  recipe: "paper",
  budgetRule: "default",
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

/** Weights and metrics of a run, with all times set to 0. */
function results(path: string): { weights: Uint8Array; metrics: StepRecord[] } {
  const lines = readFileSync(join(path, "metrics.jsonl"), "utf8").trim().split("\n");
  const metrics = lines.map((line) => ({ ...JSON.parse(line) as StepRecord, time: 0, wait: 0, viewsPerSecond: 0 }));
  return { weights: readFileSync(join(path, "checkpoints", "last.safetensors")), metrics };
}

for (const mode of ["dual", "vanilla", "gated"] as const) {
  Deno.test(`repeating a ${mode} run gives the same weights and metrics, bit for bit`, async () => {
    const once = await train({ mode }, quiet(), results);
    const twice = await train({ mode }, quiet(), results);
    assertEquals(once.metrics, twice.metrics);
    assertEquals(once.weights, twice.weights);
    assertEquals(once.metrics.length, 2 * 8 + 2);
  });
}

Deno.test("separate encoders are two networks in one checkpoint, and both are trained", async () => {
  const separate = await train({ separateEncoders: true, epochs: 1 }, quiet(), (path) => {
    return readSafetensors(join(path, "checkpoints", "last.safetensors")).tensors;
  });
  const initial = await train({ separateEncoders: true, epochs: 1, lr: 1e-30 }, quiet(), (path) => {
    return readSafetensors(join(path, "checkpoints", "last.safetensors")).tensors;
  });
  const weight = "layer3.0.conv2.weight";
  for (const name of [weight, `gated_encoder.${weight}`, "gated_encoder.layer1.0.gate.fc1.weight"]) {
    assertNotEquals(separate.get(name)?.data, initial.get(name)?.data, name);
  }
  assertNotEquals(separate.get(weight)?.data, separate.get(`gated_encoder.${weight}`)?.data);
  assert(![...separate.keys()].some((name) => name.startsWith("layer") && name.includes("gate")));
});

Deno.test("with rotation a head is trained, and its loss is a term", async () => {
  const { metrics } = await train({ rotation: true, epochs: 1 }, quiet(), results);
  const rotations = metrics.flatMap((record) => "loss" in record ? [record.terms["rotation"] ?? NaN] : []);
  assertEquals(rotations.length, 8);
  // At first the head guesses among four turns. The loss has a weight of 0.2.
  assertAlmostEquals(rotations[0] ?? NaN, 0.2 * Math.log(4), 0.05, rotations.join());
  assert(rotations.every(Number.isFinite), rotations.join());
  const names = await train({ rotation: true, epochs: 1 }, quiet(), (path) => {
    return [...readSafetensors(join(path, "checkpoints", "last.safetensors")).tensors.keys()];
  });
  assertEquals(names.filter((name) => name.startsWith("rotation_head.")).length, 10);
});

/** Names and shapes of a run's weights. */
function shapesIn(path: string): ReadonlyMap<string, readonly number[]> {
  const { tensors } = readSafetensors(join(path, "checkpoints", "last.safetensors"));
  return new Map([...tensors].map(([name, { shape }]) => [name, shape]));
}

/** The steps among a run's records. */
function stepsIn(path: string): readonly StepRecord[] {
  return results(path).metrics.filter((record) => "loss" in record);
}

function assertNear(actual: number | null | undefined, expected: number, tolerance: number): void {
  assertAlmostEquals(actual ?? NaN, expected, tolerance, `${actual}, not ${expected}`);
}

Deno.test("with separateNorm off both passes train the same norms", async () => {
  const gatedNorms = (path: string) => [...shapesIn(path).keys()].filter((name) => /^layer.*gated_bn/.test(name));
  // 8 blocks of two norms, each with weight, bias, and two running statistics.
  assertEquals((await train({ epochs: 1, evalEvery: 0 }, quiet(), gatedNorms)).length, 8 * 2 * 4);
  assertEquals(await train({ epochs: 1, evalEvery: 0, separateNorm: false }, quiet(), gatedNorms), []);
});

Deno.test("during the gate warm-up every pass is dense and has no budget, and then gates are trained", async () => {
  const flags = { gateWarmup: 1, copyNorms: false, evalEvery: 0, checkpointEvery: 1 };
  const { steps, means } = await train(flags, quiet(), (path) => ({
    steps: stepsIn(path),
    means: ["epoch-0001", "last"].map((name) => {
      const { tensors } = readSafetensors(join(path, "checkpoints", `${name}.safetensors`));
      return ["bn1", "gated_bn1"].map((norm) => tensors.get(`layer1.0.${norm}.running_mean`)?.data ?? []);
    }),
  }));
  for (const { epoch, share, terms } of steps) {
    assertEquals(share !== null, epoch === 1);
    assertEquals("macs" in terms && "bound" in terms, epoch === 1);
  }
  // A running mean begins at 0, and moves with every pass that goes through its norm.
  const moved = means.map((norms) =>
    norms.map((values) => values.length === 4 && values.every((value) => value !== 0))
  );
  assertEquals(moved, [[true, false], [true, true]]);
});

Deno.test("after the gate warm-up the gated norms begin as the dense norms, or as they were built", async () => {
  // With a momentum of 0.1 a running mean keeps 0.9 ** steps of its beginning in the steps of the second epoch.
  const distances = (path: string) => {
    const { tensors } = readSafetensors(join(path, "checkpoints", "last.safetensors"));
    const mean = (norm: string) => tensors.get(`layer1.0.${norm}.running_mean`)?.data ?? new Float32Array(4);
    const [dense, gated] = [mean("bn1"), mean("gated_bn1")];
    return Math.hypot(...dense.map((value, channel) => value - (gated[channel] ?? 0))) / Math.hypot(...dense);
  };
  const distanceWith = async (copyNorms: boolean) =>
    await train({ gateWarmup: 1, evalEvery: 0, copyNorms, epochs: 2 }, quiet(), distances);
  assertLess(await distanceWith(true), await distanceWith(false) / 2);
});

Deno.test("at the end of each epoch of the gate warm-up the gated norms are equal to the dense norms", async () => {
  const flags = { gateWarmup: 2, copyNorms: true, evalEvery: 0, checkpointEvery: 1, epochs: 3 };
  await train(flags, quiet(), (path) => {
    for (const name of ["epoch-0001", "epoch-0002"]) {
      const { tensors } = readSafetensors(join(path, "checkpoints", `${name}.safetensors`));
      const gated = [...tensors.keys()].filter((key) => /^layer.*gated_bn/.test(key));
      assertEquals(gated.length, 8 * 2 * 4);
      for (const key of gated) assertEquals(tensors.get(key)?.data, tensors.get(key.replace("gated_", ""))?.data, key);
    }
  });
});

Deno.test("gates start with the given bias, and their hidden layers have the given reduction", async () => {
  const flags = { epochs: 1, evalEvery: 0, gateReduction: 2, gateBias: 1000 };
  const { steps, shapes } = await train(flags, quiet(), (path) => ({ steps: stepsIn(path), shapes: shapesIn(path) }));
  assertEquals(shapes.get("layer2.0.gate.fc1.weight"), [2, 4]);
  assertEquals(shapes.get("layer2.0.gate.fc2.bias"), [8]);
  // All channels are open. The dense network takes 2,273,280 MACs, and its gates 940 with a reduction of 4.
  for (const { share, noiseFreeShare } of steps) {
    assertNear(share, 1 + 2 * 940 / 2_273_280, 1e-6);
    assertNear(noiseFreeShare, 1 + 2 * 940 / 2_273_280, 1e-6);
  }
});

Deno.test("the default recipe begins without gates, then with open gates at the whole cost, and ends at the budget", async () => {
  const flags = { recipe: "default", epochs: 10, budget: 0.4, evalEvery: 0 };
  const steps = await train(flags, quiet(), stepsIn);
  assertEquals(steps.map(({ share }) => share === null), steps.map(({ epoch }) => epoch < 2));
  // The first step with gates: an opening of 4 and little noise leave few channels closed.
  assertGreater(steps[16]?.noiseFreeShare ?? 0, 0.9);
  steps.slice(18).forEach(({ terms, share }, index) => {
    const done = 18 + index;
    const progress = Math.min(1, (done / 8 - 2) / 4);
    const target = 0.4 + 0.6 * (1 + Math.cos(Math.PI * progress)) / 2;
    const price = steps[done - (done % 8 === 0 ? 1 : 2)]?.multiplier ?? 0;
    assertNear(terms["macs"], price * ((share ?? NaN) - target), 1e-4);
    assertNear(steps[done]?.target, target, 1e-12);
    assertEquals(terms["bound"], 0);
  });
});

Deno.test("steps without gates are mixed in, and have a dense loss alone", async () => {
  const flags = { vanillaShare: 0.5, epochs: 4, evalEvery: 0 };
  const steps = await train(flags, quiet(), stepsIn);
  assertEquals(steps.filter(({ share }) => share === null).length, 16);
  for (const { share, terms } of steps) assertEquals("macs" in terms, share !== null);
});

Deno.test("gates that open four channels at a time have a last layer of a quarter, and cost less", async () => {
  const flags = { epochs: 1, evalEvery: 0, gateGroup: 4, gateBias: 1000 };
  const { steps, shapes } = await train(flags, quiet(), (path) => ({ steps: stepsIn(path), shapes: shapesIn(path) }));
  assertEquals(shapes.get("layer2.0.gate.fc2.weight"), [2, 1]);
  assertEquals(shapes.get("layer2.0.gate.fc2.bias"), [2]);
  // All channels are open. First layers take 428 MACs, last layers 512 / 4.
  for (const { share } of steps) assertNear(share, 1 + (428 + 128) / 2_273_280, 1e-6);
});

Deno.test("a vanilla run ignores a group that does not divide its width", async () => {
  const plain = await train({ mode: "vanilla", epochs: 1 }, quiet(), results);
  const grouped = await train({ mode: "vanilla", epochs: 1, gateGroup: 3 }, quiet(), results);
  assertEquals(grouped.metrics, plain.metrics);
});

Deno.test("the paper's rule adds 5 (share - budget)^2 to the loss", async () => {
  const steps = await train({ budgetRule: "paper", budget: 0.4, evalEvery: 0 }, quiet(), stepsIn);
  assertEquals(steps.length, 16);
  for (const { terms, share } of steps) assertNear(terms["macs"], 5 * ((share ?? NaN) - 0.4) ** 2, 1e-6);
});

Deno.test("the default rule multiplies share - budget by the price of two steps ago, or of the last step in a new epoch", async () => {
  const steps = await train({ budget: 0.4, evalEvery: 0 }, quiet(), stepsIn);
  assertEquals(steps.length, 16);
  steps.forEach(({ terms, share }, step) => {
    const price = step === 0 ? 0 : steps[step - (step % 8 === 0 ? 1 : 2)]?.multiplier ?? 0;
    assertNear(terms["macs"], price * ((share ?? NaN) - 0.4), 1e-5);
  });
  assertGreater(steps[1]?.multiplier ?? 0, 1, "a network above the budget has a price");
});

for (
  const { arch, macs, last, shape } of [
    { arch: "resnet34", macs: 4_632_576, last: "layer4.2.conv2.weight", shape: [32, 32, 3, 3] },
    { arch: "resnet50", macs: 5_173_248, last: "layer4.2.conv3.weight", shape: [128, 32, 1, 1] },
  ]
) {
  Deno.test(`a run with ${arch} trains its blocks, and evaluates a dense network of ${macs} MACs`, async () => {
    const initial = await train({ arch, epochs: 1, lr: 1e-30, evalEvery: 0 }, quiet(), (path) => {
      return readSafetensors(join(path, "checkpoints", "last.safetensors")).tensors.get(last);
    });
    await train({ arch, epochs: 1 }, quiet(), (path) => {
      const weight = readSafetensors(join(path, "checkpoints", "last.safetensors")).tensors.get(last);
      assertEquals(weight?.shape, shape);
      assertNotEquals(weight?.data, initial?.data);
      const evaluation = results(path).metrics.at(-1) as unknown as EvaluationRecord;
      assertStrictEquals(evaluation.networks.dense?.cost.macs, macs);
    });
  });
}

const ofBf16 =
  "repeating a run in bf16 gives the same weights and metrics, bit for bit, which differ from those in f32";
Deno.test({ name: ofBf16, ignore: !deviceHasBf16() }, async () => {
  const once = await train({ epochs: 1, precision: "bf16" }, quiet(), results);
  const twice = await train({ epochs: 1, precision: "bf16" }, quiet(), results);
  assertEquals(once.metrics, twice.metrics);
  assertEquals(once.weights, twice.weights);
  const wide = await train({ epochs: 1 }, quiet(), results);
  const [first, other] = [wide.metrics[0], once.metrics[0]] as [StepRecord, StepRecord];
  assertNotStrictEquals(first.loss, other.loss);
  // Images, weights and noise are equal, so that the first losses differ by rounding only.
  assertAlmostEquals(other.loss / first.loss, 1, 0.03, `${other.loss} is not about ${first.loss}`);
});

Deno.test("images on the host give the same weights and metrics as images on the device", async () => {
  const there = await train({ epochs: 2 }, quiet(), results);
  const streamed = await train({ epochs: 2, dataOnDevice: false }, quiet(), results);
  assertEquals(streamed.metrics, there.metrics);
  assertEquals(streamed.weights, there.weights);
});

Deno.test("another seed gives other weights", async () => {
  const one = await train({ seed: 1, epochs: 1 }, quiet(), results);
  const other = await train({ seed: 2, epochs: 1 }, quiet(), results);
  assertNotEquals(one.weights, other.weights);
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
    assertEquals(device.memory().inUse, 0, "everything is free after the run");
  } finally {
    rmSync(parent, { recursive: true });
  }
  assertEquals(inUse.length, 200);
  assertGreater(inUse[0] ?? 0, 0);
  assertEquals(new Set(inUse.slice(1, 7)), new Set(inUse.slice(9, 15)));
  assertStrictEquals(inUse[2], inUse[197]);
});

Deno.test("a run that is asked to stop ends after the step, with its records", async () => {
  let steps = 0;
  const observer = quiet({ stopRequested: () => ++steps === 3 });
  await train({ evalEvery: 0 }, observer, (path) => {
    const { metrics } = results(path);
    assertEquals(metrics.length, 3);
  });
});

Deno.test("a run that is asked to stop during an evaluation saves its weights and records no evaluation", async () => {
  for (const lastStep of [0, 8]) {
    let done = 0;
    const observer = quiet({ step: ({ step }) => done = step, stopRequested: () => done === lastStep });
    await train({ epochs: 1, warmupEpochs: 0 }, observer, (path) => {
      const text = readFileSync(join(path, "metrics.jsonl"), "utf8");
      assertEquals(text.split("\n").length - 1, lastStep);
      assertNotMatch(text, /networks/);
      // Before the first step there is nothing to save.
      assertEquals(existsSync(join(path, "checkpoints", "last.safetensors")), lastStep > 0);
    });
  }
});

Deno.test("a loss that is not finite ends the run, naming the step and the rate", async () => {
  assertIsError(
    await assertRejects(() =>
      train({ optimizer: "sgd", lr: 1e6, warmupEpochs: 0, epochs: 20, evalEvery: 0 }, quiet(), () => {})
    ),
    DivergenceError,
    /step \d+: .*--lr 1000000/,
  );
});

Deno.test("a run whose features become equal for all images saves, records the evaluation, and ends with an error", async () => {
  const parent = mkdtempSync(join(tmpdir(), "sluice-collapse-"));
  try {
    // Weight decay drives weights to 0, and features too once they are below a norm's epsilon.
    const flags = { ...tiny, optimizer: "sgd", lr: 0.001, weightDecay: 100, warmupEpochs: 0, epochs: 10 };
    const config = resolveConfig({ flags });
    const dataset = datasetSource("shapes").open({ seed: 0, trainImages: 64, testImages: 32 });
    using device = openDevice();
    const run = RunFolder.create(join(parent, "run"), config, {});
    assertIsError(
      await assertRejects(() => pretrain(device, config, dataset, run, quiet())),
      CollapseError,
      /step \d+: .*collapsed.*--lr 0\.001 or --weight-decay 100/,
    );
    const { metrics } = results(run.path);
    assert("networks" in (metrics.at(-1) as object));
    assertEquals(device.memory().inUse, 0, "everything is free after the run");
  } finally {
    rmSync(parent, { recursive: true });
  }
});

Deno.test("checkpoints are kept at the given interval", async () => {
  const names = await train({ epochs: 4, checkpointEvery: 2, evalEvery: 0 }, quiet(), (path) => {
    return readdirSync(join(path, "checkpoints")).sort();
  });
  const kept = ["epoch-0002", "epoch-0004", "last", "last-1"].map((name) => `${name}.safetensors`);
  assertEquals(names, kept.sort());
});
