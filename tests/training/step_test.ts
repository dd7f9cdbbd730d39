/**
 * Whole training steps against the same steps computed by PyTorch in float64 (tests/peer/step_fixture.py).
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { normalisedError } from "../../src/autograd/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { type HostTensor, readSafetensors } from "../../src/formats/mod.ts";
import {
  DualNetwork,
  gateSpecs,
  loadTorchState,
  networkCost,
  type NetworkSpec,
  type NoiseSource,
  toTorchState,
} from "../../src/models/mod.ts";
import { vicreg } from "../../src/objectives/mod.ts";
import { cast } from "../../src/ops/mod.ts";
import { optimizerOf } from "../../src/optim/mod.ts";
import { bf16Bits, bf16Value } from "../../src/selftest/case_inputs.ts";
import { Tensor } from "../../src/tensor/mod.ts";
import { trainingStep } from "../../src/training/step.ts";
import { deviceHasBf16, openDevice } from "../devices.ts";

/** Largest |difference| / |reference| of a tensor, and the absolute bound where the true gradient is zero. */
const RELATIVE = 1e-4;
const ABSOLUTE = 1e-6;
/** A reference below this is a gradient that is truly zero: a bias before a norm. */
const ZERO = 1e-10;

/**
 * bf16 rounds by up to 2^-8, and a loss term is of the fourth degree in values rounded about once a layer: 4 * 2^-8 = 1.6 %, doubled.
 * The statistics of all norms are held to the same, each with 0.1 of its new value in it.
 */
const BF16_VALUES = 0.03;
/**
 * A gradient has no such bound: one rounding sends relus to the other side, and from then on another function is differentiated. So the
 * f32 step with nothing but weights and views rounded says how far these gradients move. A bf16 step rounds activations and gradients
 * besides, after convolution and norm each: about four such errors, and their sum in squares is twice one of them. Half as much again is left for luck.
 */
const BF16_GRADIENTS = 3;
/** Rounding has no direction, so that the median gradient keeps its length along the true one. */
const BF16_LENGTH = 0.25;

/** A fixture's name: the mode of a ResNet-18's step, or of a dual step of a ResNet-50. */
type Fixture = "dual" | "vanilla" | "gated" | "bottleneck";
type Tensors = ReadonlyMap<string, HostTensor>;

interface FixtureConfig extends Pick<NetworkSpec, "arch" | "width" | "stem" | "image"> {
  readonly mode: "dual" | "vanilla" | "gated";
  readonly projector: number;
  readonly budget: number;
  readonly epoch: number;
  readonly boundAlpha: number;
  readonly lr: number;
  readonly weightDecay: number;
  readonly separateNorm: boolean;
}

function fixturePath(name: Fixture): string {
  return fileURLToPath(new URL(`../fixtures/${name}_step.safetensors`, import.meta.url));
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

function recordedNoise(device: Device, tensors: Tensors, pass: number, gates: readonly string[]): NoiseSource {
  return { uniform: (gate) => upload(device, tensors, `noise/${pass}/${gates[gate]}`) };
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

function assertClose(
  actual: ReadonlyMap<string, HostTensor>,
  expected: Tensors,
  kind: string,
  tolerance = RELATIVE,
): void {
  assert(expected.size > 0, `the fixture holds no ${kind}`);
  const complaints: string[] = [];
  for (const [name, reference] of expected) {
    const value = actual.get(name);
    assert(value !== undefined, `${kind} of ${name} is missing`);
    assert.deepEqual([...value.shape], [...reference.shape], name);
    const { relative, error } = disagreement(value.data, reference.data);
    if (error > (relative ? tolerance : ABSOLUTE)) complaints.push(`${name}: ${error}${relative ? "" : " absolute"}`);
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

/** How the step of a fixture is computed. */
interface StepRun {
  readonly optimizer: "lars" | "sgd";
  /** Element type of the views, and so of the step. */
  readonly precision?: "f32" | "bf16";
}

function runStep(device: Device, tensors: Tensors, config: FixtureConfig, run: StepRun) {
  const { optimizer, precision = "f32" } = run;
  const { arch, width, stem, image, mode } = config;
  const spec = { arch, width, stem, image };
  using network = new DualNetwork(device, {
    spec,
    projector: config.projector,
    seed: 0,
    gated: mode !== "vanilla",
    separateNorm: config.separateNorm,
  });
  loadTorchState(network, under(tensors, "initial/"));
  const before = toTorchState(network);
  const cost = networkCost(spec);
  const gates = gateSpecs(spec).map(({ label }) => label);
  const settings = optimizer === "lars" ? { weightDecay: config.weightDecay } : { momentum: 0 };
  using used = optimizerOf(optimizer, device, new Map(network.parameters()), settings);
  using trainee = {
    network,
    objective: vicreg(),
    momentum: null,
    optimizer: used,
    cost,
    [Symbol.dispose]: () => {},
  };
  using wide1 = upload(device, tensors, "input/view1");
  using wide2 = upload(device, tensors, "input/view2");
  using view1 = cast(null, wide1, precision);
  using view2 = cast(null, wide2, precision);
  using report = trainingStep(
    trainee,
    {
      mode,
      symmetric: false,
      gateWarmup: 0,
      budget: config.budget,
      budgetRule: "paper",
      epochs: 100,
      gateTemperature: 2 / 3,
      gateTemperatureEnd: null,
      boundAlpha: config.boundAlpha,
    },
    {
      views: [view1, view2],
      epoch: config.epoch,
      rate: optimizer === "lars" ? config.lr : 1,
      noise: (pass) => recordedNoise(device, tensors, pass, gates),
    },
  );
  return { terms: report.read(), before, after: toTorchState(network) };
}

const hasBf16 = deviceHasBf16();

function readFixture(name: Fixture): { tensors: Tensors; config: FixtureConfig } {
  assert(existsSync(fixturePath(name)), `${fixturePath(name)} is missing: run tests/peer/step_fixture.py`);
  const { tensors, metadata } = readSafetensors(fixturePath(name));
  return { tensors, config: JSON.parse(metadata.config ?? "{}") as FixtureConfig };
}

/** A step's scalars under the fixture's names. */
function termsOf(scalars: Readonly<Record<string, number>>): Map<string, HostTensor> {
  return new Map(
    Object.entries(scalars).map(([name, value]) => {
      const term = name === "loss" ? "total" : name;
      return [term, { dtype: "f32", shape: [1], data: Float32Array.of(value) }];
    }),
  );
}

for (const fixture of ["dual", "vanilla", "gated", "bottleneck"] as const) {
  Deno.test(`a whole ${fixture} step equals PyTorch's in float64: terms, gradients, updated weights, statistics`, () => {
    const { tensors, config } = readFixture(fixture);
    using device = openDevice();

    const lars = runStep(device, tensors, config, { optimizer: "lars" });
    assertClose(termsOf(lars.terms), under(tensors, "terms/"), "loss terms");
    assertClose(lars.after, under(tensors, "updated/"), "updated weights and statistics");

    const sgd = runStep(device, tensors, config, { optimizer: "sgd" });
    assertClose(gradientsOf(sgd.before, sgd.after), under(tensors, "gradient/"), "gradients");
  });
}

/** The fixture with views and weights rounded to bf16; gates, which are always f32, and vectors are left. */
function rounded(tensors: Tensors): Tensors {
  const isRounded = (name: string, { shape }: HostTensor) =>
    name.startsWith("input/") || (name.startsWith("initial/") && shape.length > 1 && !/\.gate\d?\./.test(name));
  return new Map([...tensors].map(([name, tensor]) => {
    if (!isRounded(name, tensor)) return [name, tensor];
    const data = Float32Array.from(tensor.data, (value) => bf16Value(bf16Bits(value)));
    return [name, { dtype: "f32", shape: tensor.shape, data }];
  }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** How far gradients are from the true ones, as the median over parameters: distance, and length along the truth, both over its length. */
function gradientError(actual: ReadonlyMap<string, HostTensor>, expected: Tensors) {
  const errors: number[] = [];
  const lengths: number[] = [];
  for (const [name, { data }] of expected) {
    const gradient = actual.get(name)?.data ?? [];
    let [square, product] = [0, 0];
    data.forEach((value, i) => {
      square += value ** 2;
      product += value * (gradient[i] ?? NaN);
    });
    if (Math.sqrt(square) < ZERO) continue;
    errors.push(Math.sqrt(normalisedError(gradient, data)));
    lengths.push(product / square);
  }
  return { error: median(errors), length: median(lengths) };
}

// Not the bottlenecks' step: it is three times as deep, on few pixels, and the bounds above know no depth.
for (const fixture of ["dual", "vanilla", "gated"] as const) {
  const name = `a ${fixture} step in bf16 is PyTorch's in float64 up to rounding: terms, statistics, gradients`;
  Deno.test({ name, ignore: !hasBf16 }, () => {
    const { tensors, config } = readFixture(fixture);
    using device = openDevice();
    const narrow = runStep(device, tensors, config, { optimizer: "sgd", precision: "bf16" });
    assertClose(termsOf(narrow.terms), under(tensors, "terms/"), "loss terms", BF16_VALUES);
    const statistics = new Map([...under(tensors, "updated/")].filter(([name]) => name.includes(".running_")));
    assertClose(narrow.after, statistics, "statistics", BF16_VALUES);

    const truth = under(tensors, "gradient/");
    const wide = runStep(device, rounded(tensors), config, { optimizer: "sgd" });
    const control = gradientError(gradientsOf(wide.before, wide.after), truth);
    const { error, length } = gradientError(gradientsOf(narrow.before, narrow.after), truth);
    assert.ok(error > RELATIVE, `gradients are off by ${error} only: that is f32`);
    const limit = BF16_GRADIENTS * control.error;
    assert.ok(error < limit, `gradients are off by ${error}, and by ${control.error} where operands alone are rounded`);
    assert.ok(Math.abs(length - 1) < BF16_LENGTH, `gradients have ${length} of the length of the true ones`);
  });
}

Deno.test("a step waits for nothing: its scalars are read when somebody asks for them", () => {
  const { tensors, config } = readFixture("dual");
  using device = openDevice();
  const calls: string[] = [];
  using _observed = device.observe((name, _parameters, call) => {
    calls.push(name);
    call();
  });
  runStep(device, tensors, config, { optimizer: "lars" });
  const optimiser = calls.indexOf("sl_lars_step");
  const first = calls.indexOf("sl_conv_forward");
  assert(first >= 0 && optimiser > first);
  const waiting = ["sl_synchronize", "sl_event_synchronize", "sl_download"];
  assert.deepEqual(calls.slice(first, optimiser + 1).filter((name) => waiting.includes(name)), []);
  // Between the optimiser's step and the reading there is the one download that is waited for.
  const read = calls.indexOf("sl_event_synchronize");
  assert.deepEqual(calls.slice(optimiser, read).filter((name) => waiting.includes(name)), ["sl_download"]);
});
