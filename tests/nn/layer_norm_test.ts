/**
 * Layer norm against its formula in float64, its gradients against finite differences of that formula.
 *
 * @module
 */
import { assert, assertLess, assertThrows } from "@std/assert";
import { normalisedError, Tape } from "../../src/autograd/mod.ts";
import { ShapeError } from "../../src/errors.ts";
import { LayerNorm } from "../../src/nn/mod.ts";
import { binary, sum } from "../../src/ops/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

/** (x - mean) / sqrt(variance + 1e-5) * weight + bias of every row. */
function reference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
  features: number,
): number[] {
  return Array.from({ length: x.length }, (_, i) => {
    const row = Array.from({ length: features }, (_, j) => x[Math.floor(i / features) * features + j] ?? NaN);
    const mean = row.reduce((total, value) => total + value, 0) / features;
    const variance = row.reduce((total, value) => total + (value - mean) ** 2, 0) / features;
    const column = i % features;
    return ((x[i] ?? NaN) - mean) / Math.sqrt(variance + 1e-5) * (weight[column] ?? NaN) + (bias[column] ?? NaN);
  });
}

function normals(count: number, index: number): Float32Array<ArrayBuffer> {
  const random = new RandomStream(4, 90, index);
  return Float32Array.from({ length: count }, () => random.normal());
}

for (const [rows, features] of [[5, 7], [1, 3], [4, 1]] as const) {
  Deno.test(`layer norm of ${rows} x ${features} equals its formula, and its gradients finite differences`, () => {
    using device = openDevice();
    using _scope = new Scope();
    using norm = new LayerNorm(device, features);
    const [x, weight, bias, dy] = [rows * features, features, features, rows * features].map(normals);
    assert(x && weight && bias && dy);
    norm.weight.value.write(weight);
    norm.bias.value.write(bias);
    const input = Tensor.from(device, x, [rows, features]);
    input.requiresGrad = true;
    const tape = new Tape();
    const y = norm.forward(tape, input);
    tape.keep(y);
    tape.backward(sum(tape, binary(tape, "multiply", y, Tensor.from(device, dy, [rows, features])), "all"));
    assertLess(normalisedError(y.toFloat32(), reference(x, weight, bias, features)), 1e-5);

    const loss = (values: readonly ArrayLike<number>[]) => {
      const [a = x, b = weight, c = bias] = values;
      return reference(a, b, c, features).reduce((total, value, i) => total + value * (dy[i] ?? NaN), 0);
    };
    [x, weight, bias].forEach((values, which) => {
      const parameter = [input, norm.weight.value, norm.bias.value][which];
      const gradient = parameter && tape.gradient(parameter)?.toFloat32();
      const expected = Array.from(values, (value, i) => {
        const moved = (step: number) => {
          const all: ArrayLike<number>[] = [x, weight, bias];
          all[which] = Float64Array.from(values, (own, j) => (i === j ? value + step : own));
          return loss(all);
        };
        return (moved(1e-4) - moved(-1e-4)) / 2e-4;
      });
      assert(gradient);
      const worst = Math.max(...expected.map((value, i) => Math.abs(value - (gradient[i] ?? NaN))));
      assertLess(worst, 2e-4 * Math.max(1, ...expected.map(Math.abs)), `${which}: ${worst}`);
    });
  });
}

Deno.test("rows of another length are refused", () => {
  using device = openDevice();
  using _scope = new Scope();
  using norm = new LayerNorm(device, 4);
  assertThrows(() => norm.forward(null, Tensor.from(device, new Float32Array(6), [2, 3])), ShapeError);
});
