/**
 * VICReg against its formula in float64, its gradients against finite differences of that formula.
 *
 * @module
 */
import assert from "node:assert/strict";

import { normalisedError, Tape } from "../../src/autograd/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { objectiveKind, vicreg } from "../../src/objectives/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

interface Terms {
  invariance: number;
  variance: number;
  covariance: number;
  loss: number;
}

/** Variance hinge and covariance of one view, written as double loops. */
function regularisers(z: Float64Array, rows: number, columns: number): [variance: number, covariance: number] {
  const at = (row: number, column: number) => z[row * columns + column] ?? NaN;
  const means = Array.from({ length: columns }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += at(i, j);
    return sum / rows;
  });
  let [variance, covariance] = [0, 0];
  for (let j = 0; j < columns; j++) {
    for (let k = 0; k < columns; k++) {
      let product = 0;
      for (let i = 0; i < rows; i++) product += (at(i, j) - (means[j] ?? NaN)) * (at(i, k) - (means[k] ?? NaN));
      const entry = product / (rows - 1);
      if (j === k) variance += Math.max(0, 1 - Math.sqrt(entry + 1e-4)) / columns;
      else covariance += entry ** 2 / columns;
    }
  }
  return [variance, covariance];
}

function reference(a: Float64Array, b: Float64Array, rows: number, columns: number): Terms {
  const invariance = a.reduce((sum, value, i) => sum + (value - (b[i] ?? NaN)) ** 2, 0) / a.length;
  const [one, two] = [regularisers(a, rows, columns), regularisers(b, rows, columns)];
  const [variance, covariance] = [one[0] + two[0], one[1] + two[1]];
  return { invariance, variance, covariance, loss: 25 * invariance + 25 * variance + covariance };
}

/** Projections whose columns differ in deviation, so that the hinge is open in some and closed in others. */
function projections(rows: number, columns: number, step: number): Float32Array<ArrayBuffer> {
  const random = new RandomStream(3, 60, step);
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => random.normal() * (0.4 + 1.2 * (i % columns) / columns),
  );
}

for (
  const { label, rows, columns } of [
    { label: "more images than dimensions", rows: 24, columns: 7 },
    { label: "more dimensions than images", rows: 7, columns: 24 },
    { label: "as many of both", rows: 9, columns: 9 },
    { label: "two images", rows: 2, columns: 5 },
  ]
) {
  Deno.test(`vicreg equals its formula with ${label}, and so do its gradients`, () => {
    using device = openDevice();
    using _scope = new Scope();
    const [a, b] = [projections(rows, columns, 1), projections(rows, columns, 2)];
    const [ta, tb] = [Tensor.from(device, a, [rows, columns]), Tensor.from(device, b, [rows, columns])];
    ta.requiresGrad = true;
    tb.requiresGrad = true;
    const tape = new Tape();
    const { loss, terms } = vicreg().compute(tape, ta, tb);
    const expected = reference(Float64Array.from(a), Float64Array.from(b), rows, columns);
    for (const [name, tensor] of Object.entries({ ...terms, loss })) {
      const value = expected[name as keyof Terms];
      assert.ok(Math.abs(tensor.item() - value) <= 1e-5 * Math.abs(value) + 1e-7, `${name} ${tensor.item()} ${value}`);
    }

    tape.backward(loss);
    const step = 1e-5;
    for (const [index, tensor] of [ta, tb].entries()) {
      const differences = Float64Array.from({ length: rows * columns }, (_, i) => {
        const moved = (by: number) => {
          const views = [Float64Array.from(a), Float64Array.from(b)] as const;
          const view = views[index] ?? views[0];
          view[i] = (view[i] ?? NaN) + by;
          return reference(views[0], views[1], rows, columns).loss;
        };
        return (moved(step) - moved(-step)) / (2 * step);
      });
      const gradient = tape.gradient(tensor)?.toFloat32() ?? new Float32Array();
      assert.ok(normalisedError(gradient, differences) < 1e-10, `view ${index + 1}`);
    }
  });
}

Deno.test("an unknown objective is refused with the names there are", () => {
  assert.throws(() => objectiveKind("toString"), (error) => {
    return error instanceof InvalidInputError && error.message.includes("toString") && error.message.includes("vicreg");
  });
});
