/**
 * Every objective against PyTorch's in float64 (tests/peer/objective_fixtures.py): values and gradients.
 *
 * @module
 */
import { assertEquals, assertLessOrEqual, fail } from "@std/assert";
import { fileURLToPath } from "node:url";

import { Tape } from "../../src/autograd/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { readSafetensors } from "../../src/formats/mod.ts";
import {
  mocov2plus,
  type Objective,
  objectiveKind,
  objectiveNames,
  type ObjectiveParts,
} from "../../src/objectives/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevices } from "../devices.ts";

/** Largest difference of a tensor over its largest magnitude. */
const TOLERANCE = 1e-5;

const { tensors, metadata } = readSafetensors(
  fileURLToPath(new URL("../fixtures/objectives.safetensors", import.meta.url)),
);
const listed = JSON.parse(metadata["objectives"] ?? "{}") as Readonly<Record<string, readonly string[]>>;

function build(name: string, parts: ObjectiveParts): Objective {
  if (name === "vicreg-without-invariance") return objectiveKind("vicreg").create({ ...parts, invariance: false });
  // As it is chosen it has longer queues than a fixture should hold.
  if (name === "mocov2plus") return mocov2plus(parts, { queue: Number(metadata["queue"]) });
  return objectiveKind(name).create(parts);
}

function agree(name: string, actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assertEquals(actual.length, expected.length, name);
  let [difference, magnitude] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN)));
    magnitude = Math.max(magnitude, Math.abs(expected[i] ?? NaN));
  }
  assertLessOrEqual(difference, TOLERANCE * magnitude, `${name}: off by ${difference} of ${magnitude}`);
}

function check(device: Device, name: string, shape: string): void {
  const prefix = `${name}/${shape}/`;
  const own = new Map([...tensors].flatMap(([key, { data, shape }]) => {
    if (!key.startsWith(prefix)) return [];
    return [[key.slice(prefix.length), { values: Float32Array.from(data), shape }] as const];
  }));
  const stored = (key: string) => own.get(key) ?? fail(`the fixture holds no ${prefix}${key}`);
  using _scope = new Scope();
  const upload = (key: string) => Tensor.from(device, stored(key).values, stored(key).shape);
  const [a, b] = [upload("a"), upload("b")];
  using objective = build(name, { device, size: a.dim(1), seed: 0 });
  const state = [...own].filter(([key]) => key.startsWith("state/"));
  objective.module?.loadState(new Map(state.map(([key, { values }]) => [key.slice("state/".length), values])));
  assertEquals(objective.module === undefined, state.length === 0);
  a.requiresGrad = true;
  b.requiresGrad = true;
  const targets = own.has("targetA") ? { a: upload("targetA"), b: upload("targetB") } : undefined;
  assertEquals(objective.targetMomentum === undefined, targets === undefined);

  const tape = new Tape();
  const { loss, terms } = objective.compute(tape, a, b, { targets });
  const scalars = { ...terms, loss };
  for (const [term, tensor] of Object.entries(scalars)) {
    agree(`${prefix}${term}`, tensor.toFloat32(), stored(`term/${term}`).values);
  }
  tape.backward(loss);
  const leaves = new Map([["a", a], ["b", b]]);
  for (const [key, { value }] of objective.module?.parameters() ?? []) leaves.set(key, value);
  for (const [key, leaf] of leaves) {
    const gradient = tape.gradient(leaf)?.toFloat32() ?? fail(`${prefix}${key} has no gradient`);
    agree(`${prefix}gradient of ${key}`, gradient, stored(`gradient/${key}`).values);
  }
}

for (const device of openDevices()) {
  for (const name of [...objectiveNames, "vicreg-without-invariance"]) {
    Deno.test(`${name} and its gradients are PyTorch's, on ${device.kind}`, () => {
      const shapes = listed[name] ?? fail(`no fixture of ${name}: add it to tests/peer/objective_fixtures.py`);
      for (const shape of shapes) check(device, name, shape);
    });
  }
}
