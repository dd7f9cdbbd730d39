/**
 * Repeats training steps that PyTorch computed in float64 (tests/peer/step_fixture.py), and compares the results.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertInstanceOf } from "@std/assert";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Device } from "../../src/device/mod.ts";
import { type HostTensor, readSafetensors } from "../../src/formats/mod.ts";
import {
  DualNetwork,
  gateSpecs,
  loadTorchState,
  MomentumNetwork,
  networkCost,
  type NetworkSpec,
  type NoiseSource,
  toTorchState,
} from "../../src/models/mod.ts";
import { type Objective, type ObjectiveParts, vicreg } from "../../src/objectives/mod.ts";
import { cast } from "../../src/ops/mod.ts";
import { optimizerOf } from "../../src/optim/mod.ts";
import { TrainingState } from "../../src/run/training_state.ts";
import { Tensor } from "../../src/tensor/mod.ts";
import { trainingStep } from "../../src/training/step.ts";
import type { StepConfig } from "../../src/training/step_inputs.ts";

/** Largest |difference| / |reference| of a tensor. */
export const RELATIVE = 1e-4;
/** Largest |difference| of a tensor that is truly zero. */
const ABSOLUTE = 1e-6;
/** Values below this are truly zero: the gradient of a bias before a norm. */
export const ZERO = 1e-10;

/** The name of a fixture. `bottleneck` is a dual step of a ResNet-50, all others are of a ResNet-18. */
export type StepName = "dual" | "vanilla" | "gated" | "symmetric" | "bottleneck";
/** Tensors of a fixture or of a network, by name. */
export type Tensors = ReadonlyMap<string, HostTensor>;

/** The options of a fixture's step. */
export interface RecordedConfig extends Pick<NetworkSpec, "arch" | "width" | "stem" | "image"> {
  readonly mode: "dual" | "vanilla" | "gated";
  readonly symmetric?: boolean;
  readonly projector: number;
  readonly budget: number;
  readonly epoch: number;
  readonly boundAlpha: number;
  readonly lr: number;
  readonly weightDecay: number;
  readonly separateNorm: boolean;
}

/** A fixture as it is stored. */
export interface RecordedStep {
  readonly tensors: Tensors;
  readonly config: RecordedConfig;
}

/** Reads the fixture of a step. */
export function readStep(name: StepName): RecordedStep {
  const path = fileURLToPath(new URL(`../fixtures/${name}_step.safetensors`, import.meta.url));
  assert(existsSync(path), `${path} is missing: run tests/peer/step_fixture.py`);
  const { tensors, metadata } = readSafetensors(path);
  return { tensors, config: JSON.parse(metadata.config ?? "{}") as RecordedConfig };
}

/** The tensors whose names begin with a prefix, without the prefix. */
export function under(tensors: Tensors, prefix: string): Map<string, HostTensor> {
  const entries = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** The values of an f32 tensor of a fixture. */
export function valuesOf(tensors: Tensors, name: string): Float32Array<ArrayBuffer> {
  const data = tensors.get(name)?.data;
  assertInstanceOf(data, Float32Array, `the fixture holds no f32 tensor ${name}`);
  return Float32Array.from(data);
}

function upload(device: Device, tensors: Tensors, name: string): Tensor {
  return Tensor.from(device, valuesOf(tensors, name), tensors.get(name)?.shape ?? []);
}

/**
 * The noise of the step's passes. The passes of a momentum copy, numbered after these, repeat it.
 *
 * @param passes number of passes of the network itself.
 */
function recordedNoise(device: Device, tensors: Tensors, passes: number, gates: readonly string[]) {
  return (pass: number): NoiseSource => ({
    uniform: (gate) => upload(device, tensors, `noise/${pass % passes}/${gates[gate]}`),
  });
}

/** The largest difference of two tensors, over the largest magnitude of the expected one unless that is zero. */
function disagreement(actual: ArrayLike<number>, expected: ArrayLike<number>): { relative: boolean; error: number } {
  assertEquals(actual.length, expected.length);
  let [difference, magnitude] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN)));
    magnitude = Math.max(magnitude, Math.abs(expected[i] ?? NaN));
  }
  assert(!Number.isNaN(difference), "a value is not a number");
  return magnitude < ZERO ? { relative: false, error: difference } : { relative: true, error: difference / magnitude };
}

/** Asserts that each expected tensor exists and agrees. */
export function assertClose(actual: Tensors, expected: Tensors, kind: string, tolerance = RELATIVE): void {
  assertGreater(expected.size, 0, `the fixture holds no ${kind}`);
  const complaints: string[] = [];
  for (const [name, reference] of expected) {
    const value = actual.get(name);
    assert(value !== undefined, `${kind} of ${name} is missing`);
    assertEquals([...value.shape], [...reference.shape], name);
    const { relative, error } = disagreement(value.data, reference.data);
    if (error > (relative ? tolerance : ABSOLUTE)) complaints.push(`${name}: ${error}${relative ? "" : " absolute"}`);
  }
  assertEquals(complaints, [], `${kind} differ`);
}

/** The results of a repeated step. */
export interface RepeatedStep {
  /** The step's scalars under the fixture's names. */
  readonly terms: Tensors;
  /** All trained tensors before the step, in PyTorch's layout. */
  readonly before: Tensors;
  /** All trained tensors after the step. */
  readonly after: Tensors;
}

/** The gradients of a step: SGD with rate 1, without momentum and decay, subtracts them from the weights. */
export function gradientsOf({ before, after }: RepeatedStep): Map<string, HostTensor> {
  return new Map([...before].map(([name, { shape, data }]) => {
    const moved = after.get(name)?.data ?? [];
    return [name, { dtype: "f32", shape, data: Float32Array.from(data, (value, i) => value - (moved[i] ?? NaN)) }];
  }));
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

/** How the step of a fixture is computed. */
export interface StepRun {
  readonly optimizer: "lars" | "sgd";
  /** Element type of the views, and so of the step; f32 by default. */
  readonly precision?: "f32" | "bf16";
  /** Makes the objective; VICReg by default. The last bias of its momentum target is 1 larger than the network's. */
  readonly objective?: (parts: ObjectiveParts) => Objective;
  /** Options that replace the fixture's. */
  readonly options?: Partial<StepConfig>;
  /** Replaces the fixture's epoch. */
  readonly epoch?: number;
}

/** Computes the step of a fixture. */
export function repeatStep(device: Device, { tensors, config }: RecordedStep, run: StepRun): RepeatedStep {
  const { optimizer, precision = "f32" } = run;
  const { arch, width, stem, image, mode, symmetric = false, projector, separateNorm, budget, boundAlpha } = config;
  const spec = { arch, width, stem, image };
  const options = { spec, projector, seed: 0, gated: mode !== "vanilla", separateNorm };
  using network = new DualNetwork(device, options);
  loadTorchState(network, under(tensors, "initial/"));
  using objective = (run.objective ?? (() => vicreg()))({ device, size: projector, seed: 0 });
  using momentum = objective.targetMomentum === undefined ? null : new MomentumNetwork(device, network, options);
  const bias = new Map(momentum?.parameters()).get("projector.6.bias")?.value;
  bias?.write(bias.toFloat32().map((value) => value + 1));
  const trained = new TrainingState(network, { objective: objective.module });
  const before = toTorchState(trained);
  const gates = gateSpecs(spec).map(({ label }) => label);
  const settings = optimizer === "lars" ? { weightDecay: config.weightDecay } : { momentum: 0 };
  using used = optimizerOf(optimizer, device, new Map(trained.parameters()), settings);
  const trainee = {
    network,
    objective,
    momentum,
    optimizer: used,
    cost: networkCost(spec),
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
      symmetric,
      gateWarmup: 0,
      budget,
      budgetRule: "paper",
      epochs: 100,
      gateTemperature: 2 / 3,
      gateTemperatureEnd: null,
      bounds: true,
      boundAlpha,
      ...run.options,
    },
    {
      views: [view1, view2],
      epoch: run.epoch ?? config.epoch,
      rate: optimizer === "lars" ? config.lr : 1,
      noise: recordedNoise(device, tensors, symmetric ? 4 : 2, gates),
    },
  );
  return { terms: termsOf(report.read()), before, after: toTorchState(trained) };
}
