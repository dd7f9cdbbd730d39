/**
 * BYOL against its formula in float64, and the schedule of its target.
 *
 * @module
 */

import { assertAlmostEquals, assertLess, assertThrows } from "@std/assert";
import { Tape } from "../../src/autograd/mod.ts";
import { MisuseError } from "../../src/errors.ts";
import { byol } from "../../src/objectives/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";
import { average, checkObjective, cosine, type Formula, predicted, roundingOf, shapes } from "./comparison.ts";

const formula: Formula = (comparison) => {
  const { a, b, targetA, targetB } = comparison;
  const [fromA, fromB] = [predicted(comparison, a), predicted(comparison, b)];
  const one = average(fromA.map((row, n) => cosine(row, targetB[n])));
  const two = average(fromB.map((row, n) => cosine(row, targetA[n])));
  return { cosine: (one + two) / 2, loss: (2 - 2 * one) + (2 - 2 * two) };
};

for (const { label, rows, columns } of shapes) {
  Deno.test(`byol equals its formula with ${label}, and so do its gradients`, () => {
    checkObjective({ make: (parts) => byol(parts), formula, rows, columns, ...roundingOf(rows) });
  });
}

Deno.test("byol's target keeps 0.99 of itself at first and all of it at the end, by a cosine", () => {
  using device = openDevice();
  using objective = byol({ device, size: 4, seed: 0 });
  const at = (progress: number) => objective.targetMomentum?.(progress) ?? NaN;
  for (const [progress, expected] of [[0, 0.99], [0.5, 0.995], [1, 1]] as const) {
    assertAlmostEquals(at(progress), expected, 1e-12, `${at(progress)} at ${progress}`);
  }
  assertLess(at(0.25), 0.9925, "slower than a straight line at first");
});

Deno.test("byol without targets says what is missing", () => {
  using device = openDevice();
  using objective = byol({ device, size: 4, seed: 0 });
  using _scope = new Scope();
  const z = Tensor.full(device, [3, 4], 1);
  assertThrows(() => objective.compute(new Tape(), z, z), MisuseError, "momentum copy");
});
