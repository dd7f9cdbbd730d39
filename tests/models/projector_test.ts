/**
 * The projector: several passes in one call, in f32 and in bf16.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertIsError, assertStrictEquals, assertThrows } from "@std/assert";
import { normalisedError, Tape } from "../../src/autograd/mod.ts";
import { ShapeError } from "../../src/errors.ts";
import { Projector } from "../../src/models/mod.ts";
import { Initialiser } from "../../src/nn/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { type DType, Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();
const [images, size, width] = [12, 24, 40];

/**
 * One rounding to 8 bits makes a normalised error of 2^-18 / 3 at most, 1.3e-6. Of operands, weights and outputs of
 * three products and two norms, and of their gradients, some twenty lie before the last gradient: 3e-5, a third of the
 * bound.
 */
const BF16_VALUES = 1e-4;
/**
 * Where a rounding carries a value over the relu's kink, its whole gradient comes or goes: one value in 2000 may do
 * that.
 */
const BF16_GRADIENTS = 1e-3;

function normal(seed: number, shape: readonly [number, number]): Tensor {
  const random = new RandomStream(seed, 50, 0);
  return Tensor.from(device, Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal()), shape);
}

function featuresOf(pass: number): Tensor {
  const features = normal(pass, [images, size]);
  features.requiresGrad = true;
  return features;
}

/** Projections, gradients and running statistics by name, the passes of each list projected in one call. */
function project(calls: readonly (readonly Tensor[])[], precision: DType): Map<string, Float32Array> {
  using projector = new Projector(device, new Initialiser(3), size, width);
  const tape = new Tape();
  const passes = calls.flat();
  const projections = calls.flatMap((features) => [...projector.forward(tape, features, { precision })]);
  const found = new Map(projections.map((projection, pass) => [`projection ${pass}`, projection.toFloat32()]));
  tape.backward(projections, projections.map((_, pass) => normal(10 + pass, [images, width])));
  const note = (name: string, tensor: Tensor) => {
    const gradient = tape.gradient(tensor);
    assertStrictEquals(gradient?.dtype, "f32", name);
    found.set(`gradient ${name}`, gradient.toFloat32());
  };
  passes.forEach((features, pass) => note(`features ${pass}`, features));
  for (const [name, { value }] of projector.parameters()) note(name, value);
  for (const [name, buffer] of projector.buffers()) found.set(name, buffer.toFloat32());
  return found;
}

/** Gradients of the biases before a norm, which takes the mean away, are zero but for rounding. */
const vanishing = ["gradient 0.bias", "gradient 3.bias"];

function errors(actual: ReadonlyMap<string, Float32Array>, expected: ReadonlyMap<string, Float32Array>) {
  assertEquals([...actual.keys()], [...expected.keys()]);
  const names = [...expected.keys()].filter((name) => !vanishing.includes(name));
  return names.map((name) => ({ name, error: normalisedError(actual.get(name) ?? [], expected.get(name) ?? []) }));
}

Deno.test("two passes projected in one call give what two calls in their order give", () => {
  using _scope = new Scope();
  const [a, b] = [featuresOf(1), featuresOf(2)];
  const together = project([[a, b]], "f32");
  const oneByOne = project([[a], [b]], "f32");
  assertEquals(errors(together, oneByOne).filter(({ error }) => !(error < 1e-12)), []);
  const exchanged = project([[b], [a]], "f32");
  assertGreater(normalisedError(together.get("1.running_mean") ?? [], exchanged.get("1.running_mean") ?? []), 1e-6);
});

Deno.test("three passes keep their places", () => {
  using _scope = new Scope();
  const [a, b, c] = [featuresOf(1), featuresOf(2), featuresOf(3)];
  const together = project([[a, b, c]], "f32");
  assertEquals(errors(together, project([[a], [b], [c]], "f32")).filter(({ error }) => !(error < 1e-12)), []);
});

Deno.test({
  name: "projections in bf16 are f32 and differ from those in f32 by the roundings, as do all gradients",
  ignore: !device.description.bf16,
  fn: () => {
    using _scope = new Scope();
    const passes = [[featuresOf(1), featuresOf(2)]];
    const [half, full] = [project(passes, "bf16"), project(passes, "f32")];
    const found = errors(half, full);
    const bound = (name: string) => name.startsWith("gradient") ? BF16_GRADIENTS : BF16_VALUES;
    assertEquals(found.filter(({ name, error }) => !(error < bound(name))), []);
    // A projection computed in f32 after all would differ by less; one rounded to bf16 at its end would fit into 16
    // bits.
    assert(found.every(({ name, error }) => !name.startsWith("projection") || error > 1e-7));
    const bits = new Uint32Array(half.get("projection 0")?.buffer ?? new ArrayBuffer(0));
    assert(bits.some((word) => (word & 0xffff) !== 0));
  },
});

Deno.test({
  name: "projections in bf16 leave no memory behind, the rounded weights included",
  ignore: !device.description.bf16,
  fn: () => {
    const before = device.memory().inUse;
    {
      using _scope = new Scope();
      project([[featuresOf(1), featuresOf(2)]], "bf16");
    }
    assertStrictEquals(device.memory().inUse, before);
  },
});

Deno.test("passes of other sizes are refused, and so are none", () => {
  using _scope = new Scope();
  using projector = new Projector(device, new Initialiser(3), size, width);
  assertIsError(
    assertThrows(() => projector.forward(null, [normal(1, [2, size]), normal(2, [4, size])], { precision: "f32" })),
    ShapeError,
    /projector.*2 and 4 images/,
  );
  assertThrows(() => projector.forward(null, [], { precision: "f32" }), ShapeError);
});
