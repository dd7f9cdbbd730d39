/**
 * VIbCReg against its formula in float64.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Tape } from "../../src/autograd/mod.ts";
import { vibcreg } from "../../src/objectives/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";
import { checkObjective, roundingOf, type Rows, shapes } from "./comparison.ts";
import { covariances, decorrelationFormula, squaresOffDiagonal } from "./decorrelation.ts";

function correlations(view: Rows): Rows {
  const covariance = covariances(view);
  const deviations = covariance.map((row, i) => Math.sqrt(row[i] ?? NaN));
  return covariance.map((row, i) => row.map((value, j) => value / ((deviations[i] ?? NaN) * (deviations[j] ?? NaN))));
}

const formula = decorrelationFormula(200, (view) => {
  return squaresOffDiagonal(correlations(view)) / (view[0]?.length ?? 0) ** 2;
});

for (const { label, rows, columns } of [...shapes, { label: "as many of both", rows: 9, columns: 9 }]) {
  Deno.test(`vibcreg equals its formula with ${label}, and so do its gradients`, () => {
    checkObjective({ make: () => vibcreg(), formula, rows, columns, ...roundingOf(rows) });
  });
}

Deno.test("a column that does not vary counts as correlated with none, and its gradients are finite", () => {
  using device = openDevice();
  using _scope = new Scope();
  // Two columns of which one is constant: nothing is off the diagonal.
  const a = Tensor.from(device, Float32Array.of(0.5, 1, 0.5, -1, 0.5, 3), [3, 2]);
  a.requiresGrad = true;
  const tape = new Tape();
  const { loss, terms } = vibcreg().compute(tape, a, a);
  assertEquals(terms["covariance"]?.item(), 0);
  tape.backward(loss);
  assert(tape.gradient(a)?.toFloat32().every(Number.isFinite));
});
