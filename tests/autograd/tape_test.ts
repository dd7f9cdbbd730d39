/**
 * Tests of the tape: what is added up, what is freed when, and what is refused.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { needsGradient, Tape } from "../../src/autograd/mod.ts";
import { MisuseError, ShapeError } from "../../src/errors.ts";
import { binary, scale, stack, sum } from "../../src/ops/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();

function leaf(...values: number[]): Tensor {
  const tensor = Tensor.from(device, Float32Array.from(values), [values.length]);
  tensor.requiresGrad = true;
  return tensor;
}

function gradientOf(tape: Tape, tensor: Tensor): number[] {
  const gradient = tape.gradient(tensor);
  assert(gradient, "there is no gradient");
  return [...gradient.toFloat32()];
}

Deno.test("the gradients of a tensor's uses are added", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const x = leaf(1, 2, 3);
  const doubled = scale(tape, x, 2);
  tape.backward(sum(tape, binary(tape, "multiply", doubled, x), "all"));
  assertEquals(gradientOf(tape, x), [4, 8, 12]);
});

Deno.test("the gradients of several outputs are added", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const x = leaf(1, 2);
  tape.backward([sum(tape, scale(tape, x, 3), "all"), sum(tape, scale(tape, x, 5), "all")]);
  assertEquals(gradientOf(tape, x), [8, 8]);
});

Deno.test("a given gradient is taken as it is, added to another, or freed if nobody needs it", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const [x, constant] = [leaf(1, 2), Tensor.full(device, [2], 1)];
  const given = [3, 5, 7].map((value) => Tensor.full(device, [2], value));
  const [first, second, unwanted] = given;
  assert(first && second && unwanted);
  tape.give(x, first);
  assertEquals(tape.gradient(x), first);
  tape.give(x, second);
  assertEquals(gradientOf(tape, x), [8, 8]);
  tape.give(constant, unwanted);
  assertEquals(tape.gradient(constant), undefined);
  assertEquals(given.map(({ disposed }) => disposed), [false, true, true]);
});

Deno.test("a seed weighs its output, and an output without one counts once", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const x = leaf(1, 2);
  const [weighed, plain] = [scale(tape, x, 3), scale(tape, x, 5)];
  tape.backward([weighed, plain], [Tensor.from(x.device, Float32Array.of(10, 100), [2])]);
  assertEquals(gradientOf(tape, x), [35, 305]);
});

Deno.test("the seeds of one output given twice are added", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const x = leaf(1);
  const y = scale(tape, x, 3);
  tape.backward([y, y]);
  assertEquals(gradientOf(tape, x), [6]);
});

Deno.test("a seed stays as it was", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const seed = Tensor.full(device, [1], 7);
  tape.backward(scale(tape, leaf(1), 3), [seed]);
  assertEquals(seed.item(), 7);
});

Deno.test("an output that was not recorded, and a seed of another shape, are refused", () => {
  using _scope = new Scope();
  const tape = new Tape();
  assertThrows(() => tape.backward(Tensor.full(device, [1], 0)), MisuseError);
  assertThrows(() => tape.backward(scale(tape, leaf(1, 2), 3), [Tensor.full(device, [1], 1)]), ShapeError);
});

Deno.test("an input that requires no gradient gets none, and what depends on such inputs only is not recorded", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const constant = Tensor.full(device, [2], 5);
  const x = leaf(1, 2);
  assertEquals(scale(tape, constant, 2).requiresGrad, false);
  tape.backward(sum(tape, binary(tape, "multiply", x, constant), "all"));
  assertEquals(tape.gradient(constant), undefined);
  assertEquals(gradientOf(tape, x), [5, 5]);
});

Deno.test("an operation whose output does not reach the loss passes on no gradient", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const [x, aside] = [leaf(1), leaf(2)];
  const unused = scale(tape, aside, 3);
  tape.backward(scale(tape, x, 2));
  assertEquals(tape.gradient(aside), undefined);
  assert(unused.disposed);
});

Deno.test("the backward sweep frees every output and what operations saved, and keeps leaves and their gradients", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const x = leaf(1, 2);
  const before = device.memory().live;
  const hidden = scale(tape, x, 2);
  const saved = Tensor.full(device, [1], 0);
  const loss = sum(tape, hidden, "all");
  tape.record(Tensor.full(device, [1], 0), [saved], () => {});
  tape.backward(loss);
  assert(hidden.disposed && loss.disposed && saved.disposed);
  assert(!x.disposed);
  assertEquals(device.memory().live, before + 1);
});

Deno.test("an output that is kept survives the backward sweep, with its gradient", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const x = leaf(1, 2);
  const hidden = scale(tape, x, 2);
  tape.keep(hidden);
  tape.backward(sum(tape, scale(tape, hidden, 3), "all"));
  assertEquals([...hidden.toFloat32()], [2, 4]);
  assertEquals(gradientOf(tape, hidden), [3, 3]);
});

Deno.test("a loss of several terms is the sum of its weighted terms, forwards and backwards", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const x = leaf(1, 2, 3);
  const terms = stack(tape, [sum(tape, x, "all"), sum(tape, binary(tape, "multiply", x, x), "all")]);
  const loss = sum(tape, binary(tape, "multiply", terms, Tensor.from(x.device, Float32Array.of(10, 1), [2])), "all");
  tape.keep(loss);
  tape.backward(loss);
  assertEquals(loss.item(), 74);
  assertEquals(gradientOf(tape, x), [12, 14, 16]);
});

Deno.test("a writer that can only overwrite adds its second gradient through a temporary", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const x = leaf(0, 0);
  const before = device.memory().live;
  for (const value of [3, 4]) tape.add(x, (target) => target.write(Float32Array.of(value, value)));
  assertEquals(gradientOf(tape, x), [7, 7]);
  assertEquals(device.memory().live, before + 1);
});

Deno.test("nothing needs a gradient without a tape or without an input that requires one", () => {
  using _scope = new Scope();
  const tape = new Tape();
  const [x, constant] = [leaf(1), Tensor.full(device, [1], 1)];
  assertEquals(needsGradient(tape, constant, x), true);
  assertEquals(needsGradient(tape, constant, null, undefined), false);
  assertEquals(needsGradient(null, x), false);
});
