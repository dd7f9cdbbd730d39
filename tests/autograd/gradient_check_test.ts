/**
 * Tests of the comparison with finite differences.
 *
 * @module
 */
import assert from "node:assert/strict";
import { compareWithDifferences, normalisedError } from "../../src/autograd/mod.ts";

Deno.test("the normalised error is the squared length of the difference over that of the expected values", () => {
  assert.equal(normalisedError([3, 4], [3, 4]), 0);
  assert.equal(normalisedError([0, 0], [3, 4]), 1);
  assert.equal(normalisedError([], []), 0);
  assert.equal(normalisedError([0], [0]), 0);
  assert.ok(Math.abs(normalisedError([3, 4.5], [3, 4]) - 0.01) < 1e-15);
});

Deno.test("values that vanish where something is expected, and lengths that differ, are no match", () => {
  assert.ok(normalisedError([1e-3], [0]) > 1);
  assert.equal(normalisedError([1], [1, 2]), Infinity);
  assert.ok(Number.isNaN(normalisedError([NaN], [1])));
});

Deno.test("the right gradient agrees with finite differences, a wrong one does not, and the values stay as they were", () => {
  const values = Float64Array.from({ length: 300 }, (_, index) => Math.sin(index));
  const before = values.slice();
  const objective = () => values.reduce((total, value, index) => total + index * value ** 3, 0);
  const gradient = values.map((value, index) => 3 * index * value ** 2);
  assert.ok(compareWithDifferences(values, gradient, objective) < 1e-12);
  assert.ok(compareWithDifferences(values, gradient.map((value) => 1.001 * value), objective) > 1e-7);
  assert.deepEqual(values, before);
});

Deno.test("as many elements are probed as asked for, and all where they are few", () => {
  const values = new Float64Array(10);
  let evaluations = 0;
  const objective = () => {
    evaluations++;
    return 0;
  };
  compareWithDifferences(values, values, objective, { probes: 5 });
  assert.equal(evaluations, 10);
  compareWithDifferences(values, values, objective);
  assert.equal(evaluations, 30);
});
