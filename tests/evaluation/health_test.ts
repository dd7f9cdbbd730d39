/**
 * Health of features whose covariance is known, and what ends a run.
 *
 * @module
 */

import { assert, assertAlmostEquals, assertEquals, assertGreater, assertIsError, assertThrows } from "@std/assert";
import { CollapseError, DivergenceError } from "../../src/errors.ts";
import { checkHealth, effectiveRank, type NetworkHealth, networkHealth } from "../../src/evaluation/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

/** Features [rows, columns], made by `value` out of normal numbers. */
function health(rows: number, columns: number, value: (normals: Float64Array, column: number) => number) {
  using device = openDevice();
  using _scope = new Scope();
  const random = new RandomStream(1, 1, 0);
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const normals = Float64Array.from({ length: columns }, () => random.normal());
    for (let column = 0; column < columns; column++) values[row * columns + column] = value(normals, column);
  }
  const features = Tensor.from(device, values, [rows, columns]);
  return networkHealth({ features, openShares: [], openCounts: [], termShares: [], [Symbol.dispose]: () => {} }, []);
}

function near(value: number, expected: number, tolerance: number): void {
  assertAlmostEquals(value, expected, tolerance, `${value}, not ${expected}`);
}

Deno.test("independent features of one deviation have full rank and no covariance", () => {
  const { featureStd, effectiveRank, covariance } = health(
    20_000,
    16,
    (normals, column) => 5 + 3 * (normals[column] ?? 0),
  );
  near(featureStd, 3, 0.03);
  near(effectiveRank, 16, 0.1);
  near(covariance, 0, 0.1);
});

Deno.test("features that are multiples of each other have rank one", () => {
  const { effectiveRank, covariance } = health(500, 8, ([first = 0], column) => (column + 1) * first);
  near(effectiveRank, 1, 1e-3);
  assertGreater(covariance, 10);
});

Deno.test("features that do not vary have rank 0", () => {
  assertEquals(health(50, 4, (_, column) => column), { featureStd: 0, effectiveRank: 0, covariance: 0 });
});

Deno.test("the effective rank is exp of the entropy of the eigenvalues", () => {
  // A rotation of diag(3, 1): eigenvalues in shares of 3/4 and 1/4.
  const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
  const matrix = [3 * c * c + s * s, 2 * c * s, 2 * c * s, 3 * s * s + c * c];
  near(effectiveRank(matrix, 2), Math.exp(-(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25))), 1e-12);
  assert(Number.isNaN(effectiveRank([1, NaN, NaN, 1], 2)));
});

Deno.test("the histogram counts channels by the share of images that open them", () => {
  using device = openDevice();
  using features = Tensor.from(device, Float32Array.of(1, 2, 3, 4), [2, 2]);
  const openCounts = [Float64Array.of(0, 1, 2, 2, 0, 2)];
  const { gates } = networkHealth(
    { features, openShares: [], openCounts, termShares: [], [Symbol.dispose]: () => {} },
    ["a"],
  );
  assertEquals(gates, [{ name: "a", histogram: [2, 0, 0, 0, 0, 1, 0, 0, 0, 3] }]);
});

Deno.test("features that are not finite, or alike for all images, end a run with step, network and cause", () => {
  const untrained: NetworkHealth = { featureStd: 0.5, effectiveRank: 20, covariance: 0.01 };
  const run = { network: "gated", step: 40, lr: 0.3, weightDecay: 1e-4 };
  checkHealth({ ...untrained, featureStd: 0.006 }, untrained, run);
  assertIsError(
    assertThrows(() => checkHealth({ ...untrained, featureStd: 0.004 }, untrained, run)),
    CollapseError,
    /^step 40: .* gated network have collapsed .*--lr 0\.3/,
  );
  assertIsError(
    assertThrows(() => checkHealth({ ...untrained, effectiveRank: NaN }, untrained, run)),
    DivergenceError,
    /^step 40: .* gated network are not finite; --lr 0\.3/,
  );
});
