/**
 * Cases of `matmul`.
 *
 * @module
 */
import { matmul } from "../ops/mod.ts";
import { normal } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";
import { multiply, transpose } from "./reference_matrices.ts";

function product(
  [m, k, n]: readonly [number, number, number],
  transposeA: boolean,
  transposeB: boolean,
  alpha = 1,
): OperationCase {
  const layout = `${transposeA ? "transposed " : ""}times ${transposeB ? "transposed " : ""}`;
  return operationCase({
    operation: "matmul",
    label: `[${m}, ${k}] ${layout}[${k}, ${n}]${alpha === 1 ? "" : `, factor ${alpha}`}`,
    attributes: { transposeA, transposeB, alpha },
    inputs: { a: normal(transposeA ? [k, m] : [m, k]), b: normal(transposeB ? [n, k] : [k, n]) },
    differentiable: ["a", "b"],
    run: (_device, tape, { a, b }) => matmul(tape, a, b, { transposeA, transposeB, alpha }),
    reference: ({ a, b }) => {
      const left = transposeA ? transpose(a, k, m) : a;
      const right = transposeB ? transpose(b, n, k) : b;
      return [multiply(left, right, m, k, n).map((value) => alpha * value)];
    },
    fixture: true,
  });
}

/** Cases of `matmul`. */
export const matmulCases: readonly OperationCase[] = [
  product([5, 7, 6], false, false),
  product([5, 7, 6], true, false),
  product([5, 7, 6], false, true),
  product([5, 7, 6], true, true),
  product([4, 9, 3], true, false, 0.125),
  product([1, 3, 1], false, false),
  product([1, 1, 5], false, true),
  product([16, 33, 17], false, false),
];

function benchmark(m: number, k: number, n: number): OperationBenchmark {
  const flops = 2 * m * k * n;
  const numbers = m * k + k * n + m * n;
  return operationBenchmark({
    operation: "matmul",
    label: `[${m}, ${k}] times [${k}, ${n}]`,
    inputs: { a: normal([m, k]), b: normal([k, n]) },
    differentiable: ["a", "b"],
    run: (_device, tape, { a, b }) => matmul(tape, a, b),
    forward: { flops, bytes: 4 * numbers },
    backward: { flops: 2 * flops, bytes: 8 * numbers },
  });
}

/** A covariance of projections, and a large square. */
export const matmulBenchmarks: readonly OperationBenchmark[] = [benchmark(512, 256, 512), benchmark(1024, 1024, 1024)];
