/**
 * Tests of the comparison with finite differences.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { compareWithDifferences, normalisedError } from "../../src/autograd/mod.ts";

Deno.test("the normalised error is the squared length of the difference over that of the expected values", () => {
  assertEquals(normalisedError([3, 4], [3, 4]), 0);
  assertEquals(normalisedError([0, 0], [3, 4]), 1);
  assertEquals(normalisedError([], []), 0);
  assertEquals(normalisedError([0], [0]), 0);
  assertAlmostEquals(normalisedError([3, 4.5], [3, 4]), 0.01, 1e-15);
});

Deno.test("values that vanish where something is expected, and lengths that differ, are no match", () => {
  assertGreater(normalisedError([1e-3], [0]), 1);
  assertEquals(normalisedError([1], [1, 2]), Infinity);
  assert(Number.isNaN(normalisedError([NaN], [1])));
});

Deno.test("the right gradient agrees with finite differences, a wrong one does not, and the values stay as they were", () => {
  const values = Float64Array.from({ length: 300 }, (_, index) => Math.sin(index));
  const before = values.slice();
  const objective = () => values.reduce((total, value, index) => total + index * value ** 3, 0);
  const gradient = values.map((value, index) => 3 * index * value ** 2);
  assertLess(compareWithDifferences(values, gradient, objective), 1e-12);
  assertGreater(compareWithDifferences(values, gradient.map((value) => 1.001 * value), objective), 1e-7);
  assertEquals(values, before);
});

Deno.test("as many elements are probed as asked for, and all where they are few", () => {
  const values = new Float64Array(10);
  let evaluations = 0;
  const objective = () => {
    evaluations++;
    return 0;
  };
  compareWithDifferences(values, values, objective, { probes: 5 });
  assertEquals(evaluations, 10);
  compareWithDifferences(values, values, objective);
  assertEquals(evaluations, 30);
});
