// Tests of parameters' own learning rates.
import { assertEquals, assertThrows } from "@std/assert";
import { Tape } from "../../src/autograd/mod.ts";
import { MisuseError } from "../../src/errors.ts";
import { Parameter } from "../../src/nn/mod.ts";
import { sum } from "../../src/ops/mod.ts";
import { Sgd } from "../../src/optim/mod.ts";
import { Scope } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

Deno.test("each parameter group moves by its own learning rate, and a group without one is refused", () => {
  using device = openDevice();
  using _scope = new Scope();
  using usual = new Parameter(device, Float32Array.of(1, 1), [2]);
  using faster = new Parameter(device, Float32Array.of(1, 1), [2], { group: 1 });
  using optimizer = new Sgd(device, new Map([["usual", usual], ["faster", faster]]), { momentum: 0 });
  for (const parameter of [usual, faster]) {
    const tape = new Tape();
    tape.backward(sum(tape, parameter.value, "all"));
    optimizer.step(tape, [0.125, 0.375]);
  }
  assertEquals([...usual.value.toFloat32()], [0.875, 0.875]);
  assertEquals([...faster.value.toFloat32()], [0.625, 0.625]);
  const tape = new Tape();
  tape.backward(sum(tape, faster.value, "all"));
  assertThrows(() => optimizer.step(tape, [0.125]), MisuseError);
});
