/**
 * Cases of `linear`.
 *
 * @module
 */
import { linear, PackedWeights } from "../ops/mod.ts";
import type { DType } from "../tensor/mod.ts";
import { asBf16, bf16Bits, bf16Value, normal, representable } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";
import { multiply, transpose } from "./reference_matrices.ts";

type Sizes = readonly [rows: number, inFeatures: number, outFeatures: number];

/** x weight^T + bias by its definition. */
function layer(x: Float64Array, weight: Float64Array, bias: Float64Array, [rows, inFeatures, outFeatures]: Sizes) {
  const product = multiply(x, transpose(weight, outFeatures, inFeatures), rows, inFeatures, outFeatures);
  return product.map((value, index) => value + (bias[index % outFeatures] ?? NaN));
}

function withBias(rows: number, inFeatures: number, outFeatures: number): OperationCase {
  return operationCase({
    operation: "linear",
    label: `[${rows}, ${inFeatures}] to ${outFeatures}, bias`,
    inputs: { x: normal([rows, inFeatures]), weight: normal([outFeatures, inFeatures]), bias: normal([outFeatures]) },
    differentiable: ["x", "weight", "bias"],
    run: (_device, tape, { x, weight, bias }) => linear(tape, x, weight, bias),
    reference: ({ x, weight, bias }) => [layer(x, weight, bias, [rows, inFeatures, outFeatures])],
    fixture: true,
  });
}

function withoutBias(rows: number, inFeatures: number, outFeatures: number): OperationCase {
  return operationCase({
    operation: "linear",
    label: `[${rows}, ${inFeatures}] to ${outFeatures}, no bias`,
    inputs: { x: normal([rows, inFeatures]), weight: normal([outFeatures, inFeatures]) },
    differentiable: ["x", "weight"],
    run: (_device, tape, { x, weight }) => linear(tape, x, weight, null),
    reference: ({ x, weight }) => {
      return [multiply(x, transpose(weight, outFeatures, inFeatures), rows, inFeatures, outFeatures)];
    },
    fixture: true,
  });
}

/** bf16 inputs whose sums of products are about 1 at all sizes. */
function halfInputs([rows, inFeatures, outFeatures]: Sizes) {
  return {
    x: asBf16(normal([rows, inFeatures])),
    weight: normal([outFeatures, inFeatures], 1 / Math.sqrt(inFeatures)),
    bias: normal([outFeatures]),
  };
}

function half(sizes: Sizes, outDtype: DType): OperationCase {
  const { weight, ...inputs } = halfInputs(sizes);
  const [rows, inFeatures, outFeatures] = sizes;
  return operationCase({
    operation: "linear",
    label: `bf16 to ${outDtype}, [${rows}, ${inFeatures}] to ${outFeatures}`,
    inputs: { ...inputs, weight: representable(weight) },
    differentiable: ["x", "weight", "bias"],
    run: (_device, tape, { x, weight, bias }) => linear(tape, x, weight, bias, { outDtype }),
    reference: ({ x, weight, bias }) => [layer(x, weight, bias, sizes)],
    tolerance: {
      error: 1e-5,
      reason:
        "outputs, or the gradient of f32 ones, are rounded to 8 bits: an error of 2^-9 / sqrt(3) at most, squared",
    },
    needsBf16: true,
  });
}

const shared: Sizes = [4, 33, 6];

/** Cases of `linear`. */
export const linearCases: readonly OperationCase[] = [
  withBias(6, 5, 7),
  withBias(1, 4, 3),
  withBias(3, 1, 1),
  withoutBias(6, 5, 7),
  withoutBias(1, 1, 4),
  half([6, 5, 7], "bf16"),
  half([6, 5, 7], "f32"),
  half([1, 32, 1], "bf16"),
  half([3, 64, 16], "f32"),
  operationCase({
    operation: "linear",
    label: "bf16, two calls that share a weight rounded once, sums in f32",
    inputs: halfInputs(shared),
    run: (_device, tape, { x, weight, bias }) => {
      using packed = new PackedWeights();
      const first = linear(tape, x, weight, bias, { outDtype: "f32", packed });
      // The second call must read the rounded copy and not the weight.
      weight.write(new Float32Array(weight.size));
      return [first, linear(tape, x, weight, null, { outDtype: "f32", packed })];
    },
    reference: ({ x, weight, bias }) => {
      const rounded = weight.map((value) => bf16Value(bf16Bits(value)));
      return [layer(x, rounded, bias, shared), layer(x, rounded, bias.map(() => 0), shared)];
    },
    needsBf16: true,
  }),
];

function benchmark(rows: number, inFeatures: number, outFeatures: number): OperationBenchmark {
  const flops = 2 * rows * inFeatures * outFeatures;
  const numbers = rows * inFeatures + inFeatures * outFeatures + rows * outFeatures;
  return operationBenchmark({
    operation: "linear",
    label: `[${rows}, ${inFeatures}] to ${outFeatures}`,
    inputs: { x: normal([rows, inFeatures]), weight: normal([outFeatures, inFeatures]), bias: normal([outFeatures]) },
    differentiable: ["x", "weight", "bias"],
    run: (_device, tape, { x, weight, bias }) => linear(tape, x, weight, bias),
    forward: { flops, bytes: 4 * numbers },
    backward: { flops: 2 * flops, bytes: 8 * numbers },
  });
}

/** The layers of a projector. */
export const linearBenchmarks: readonly OperationBenchmark[] = [benchmark(256, 512, 2048), benchmark(256, 2048, 2048)];
