/**
 * Cases of the linear layer's product.
 *
 * @module
 */
import { linear } from "../ops/mod.ts";
import { normal } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";
import { multiply, transpose } from "./reference_matrices.ts";

function withBias(rows: number, inFeatures: number, outFeatures: number): OperationCase {
  return operationCase({
    operation: "linear",
    label: `[${rows}, ${inFeatures}] to ${outFeatures}, bias`,
    inputs: { x: normal([rows, inFeatures]), weight: normal([outFeatures, inFeatures]), bias: normal([outFeatures]) },
    differentiable: ["x", "weight", "bias"],
    run: (_device, tape, { x, weight, bias }) => linear(tape, x, weight, bias),
    reference: ({ x, weight, bias }) => {
      const product = multiply(x, transpose(weight, outFeatures, inFeatures), rows, inFeatures, outFeatures);
      return [product.map((value, index) => value + (bias[index % outFeatures] ?? NaN))];
    },
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

/** Cases of `linear`. */
export const linearCases: readonly OperationCase[] = [
  withBias(6, 5, 7),
  withBias(1, 4, 3),
  withBias(3, 1, 1),
  withoutBias(6, 5, 7),
  withoutBias(1, 1, 4),
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
