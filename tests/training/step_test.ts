/**
 * Whole training steps against the same steps computed by PyTorch in float64 (tests/peer/step_fixture.py).
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { Device } from "../../src/device/mod.ts";
import { type HostTensor, readSafetensors } from "../../src/formats/mod.ts";
import { DualNetwork, loadTorchState, networkCost, type NoiseSource, toTorchState } from "../../src/models/mod.ts";
import { objectiveOf } from "../../src/objectives/mod.ts";
import { optimizerOf } from "../../src/optim/mod.ts";
import { Tensor } from "../../src/tensor/mod.ts";
import { trainingStep } from "../../src/training/step.ts";

/** Largest |difference| / |reference| of a tensor, and the absolute bound where the true gradient is zero. */
const RELATIVE = 1e-4;
const ABSOLUTE = 1e-6;
/** A reference below this is a gradient that is truly zero: a bias before a norm. */
const ZERO = 1e-10;

type Mode = "dual" | "vanilla" | "gated";
type Tensors = ReadonlyMap<string, HostTensor>;

interface FixtureConfig {
  readonly width: number;
  readonly image: number;
  readonly projector: number;
  readonly budget: number;
  readonly epoch: number;
  readonly boundAlpha: number;
  readonly lr: number;
  readonly weightDecay: number;
  readonly separateNorm: boolean;
}

function fixturePath(mode: Mode): string {
  return fileURLToPath(new URL(`../fixtures/${mode}_step.safetensors`, import.meta.url));
}

function under(tensors: Tensors, prefix: string): Map<string, HostTensor> {
  const entries = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

function upload(device: Device, tensors: Tensors, name: string): Tensor {
  const tensor = tensors.get(name);
  assert(tensor !== undefined && tensor.data instanceof Float32Array, `the fixture holds no f32 tensor ${name}`);
  return Tensor.from(device, Float32Array.from(tensor.data), tensor.shape);
}

function recordedNoise(device: Device, tensors: Tensors, pass: number, blocks: readonly string[]): NoiseSource {
  return { uniform: (block) => upload(device, tensors, `noise/${pass}/${blocks[block]}`) };
}

/** The largest difference of two tensors over the largest magnitude of the expected one, or the absolute one where that is zero. */
function disagreement(actual: ArrayLike<number>, expected: ArrayLike<number>): { relative: boolean; error: number } {
  assert.equal(actual.length, expected.length);
  let [difference, magnitude] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN)));
    magnitude = Math.max(magnitude, Math.abs(expected[i] ?? NaN));
  }
  assert(!Number.isNaN(difference), "a value is not a number");
  return magnitude < ZERO ? { relative: false, error: difference } : { relative: true, error: difference / magnitude };
}

function assertClose(actual: ReadonlyMap<string, HostTensor>, expected: Tensors, kind: string): void {
  assert(expected.size > 0, `the fixture holds no ${kind}`);
  const complaints: string[] = [];
  for (const [name, reference] of expected) {
    const value = actual.get(name);
    assert(value !== undefined, `${kind} of ${name} is missing`);
    assert.deepEqual([...value.shape], [...reference.shape], name);
    const { relative, error } = disagreement(value.data, reference.data);
    if (error > (relative ? RELATIVE : ABSOLUTE)) complaints.push(`${name}: ${error}${relative ? "" : " absolute"}`);
  }
  assert.deepEqual(complaints, [], `${kind} differ`);
}

/** The gradients of a step: an optimiser of rate 1 without momentum, decay or adaptation leaves -gradient in the weights. */
function gradientsOf(before: Tensors, after: Tensors): Map<string, HostTensor> {
  return new Map([...before].map(([name, { shape, data }]) => {
    const moved = after.get(name)?.data ?? [];
    return [name, { dtype: "f32", shape, data: Float32Array.from(data, (value, i) => value - (moved[i] ?? NaN)) }];
  }));
}

function runStep(device: Device, mode: Mode, tensors: Tensors, config: FixtureConfig, optimizer: "lars" | "sgd") {
  const spec = { arch: "resnet18", width: config.width, stem: "cifar-paper", image: config.image } as const;
  using network = new DualNetwork(device, {
    spec,
    projector: config.projector,
    seed: 0,
    gated: mode !== "vanilla",
    separateNorm: mode === "dual" && config.separateNorm,
  });
  loadTorchState(network, under(tensors, "initial/"));
  const before = toTorchState(network);
  const cost = networkCost(spec);
  const blocks = cost.blocks.map((block) => block.name);
  const settings = optimizer === "lars" ? { weightDecay: config.weightDecay } : { momentum: 0 };
  using used = optimizerOf(optimizer, device, new Map(network.parameters()), settings);
  using trainee = { network, objective: objectiveOf("vicreg"), optimizer: used, cost, [Symbol.dispose]: () => {} };
  using view1 = upload(device, tensors, "input/view1");
  using view2 = upload(device, tensors, "input/view2");
  using report = trainingStep(
    trainee,
    { mode, symmetric: false, gateWarmup: 0, budget: config.budget, boundAlpha: config.boundAlpha },
    {
      views: [view1, view2],
      epoch: config.epoch,
      rate: optimizer === "lars" ? config.lr : 1,
      noise: (pass) => recordedNoise(device, tensors, pass, blocks),
    },
  );
  return { terms: report.read(), before, after: toTorchState(network) };
}

for (const mode of ["dual", "vanilla", "gated"] as const) {
  Deno.test(`a whole ${mode} step equals PyTorch's in float64: terms, gradients, updated weights, statistics`, () => {
    assert(existsSync(fixturePath(mode)), `${fixturePath(mode)} is missing: run tests/peer/step_fixture.py`);
    const { tensors, metadata } = readSafetensors(fixturePath(mode));
    const config = JSON.parse(metadata.config ?? "{}") as FixtureConfig;
    using device = Device.open({ threads: 2 });

    const lars = runStep(device, mode, tensors, config, "lars");
    const terms = new Map<string, HostTensor>();
    for (const [name, value] of Object.entries(lars.terms)) {
      const term = name === "loss" ? "total" : name;
      terms.set(term, { dtype: "f32", shape: [1], data: Float32Array.of(value) });
    }
    assertClose(terms, under(tensors, "terms/"), "loss terms");
    assertClose(lars.after, under(tensors, "updated/"), "updated weights and statistics");

    const sgd = runStep(device, mode, tensors, config, "sgd");
    assertClose(gradientsOf(sgd.before, sgd.after), under(tensors, "gradient/"), "gradients");
  });
}
