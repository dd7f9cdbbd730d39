/**
 * Cases of `topK`.
 *
 * @module
 */
import { topK } from "../ops/mod.ts";
import { type CaseInput, distinct, given, normal } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";

/** The k largest values of each row and their columns, by sorting. Ties go to the lower column. */
function largest(x: Float64Array, columns: number, k: number): [values: Float64Array, indices: Float64Array] {
  const rows = x.length / columns;
  const chosen = Array.from({ length: rows }, (_, row) => {
    const value = (column: number) => x[row * columns + column] ?? NaN;
    const order = Array.from({ length: columns }, (_, column) => column).sort((a, b) => value(b) - value(a) || a - b);
    return order.slice(0, k).map((column) => [value(column), column] as const);
  }).flat();
  return [Float64Array.from(chosen, ([value]) => value), Float64Array.from(chosen, ([, column]) => column)];
}

function single(label: string, columns: number, k: number, x: CaseInput): OperationCase {
  return operationCase({
    operation: "top_k",
    label,
    attributes: { k },
    inputs: { x },
    run: (_device, _tape, { x }) => {
      const { values, indices } = topK(x, k);
      return [values, indices];
    },
    reference: ({ x }) => largest(x, columns, k),
  });
}

/** Cases of `topK`. */
export const topKCases: readonly OperationCase[] = [
  single("5 of 23", 23, 5, distinct([4, 23])),
  single("20 of 200", 200, 20, normal([3, 200])),
  single("1 of 9", 9, 1, distinct([5, 9])),
  single("all of 6", 6, 6, distinct([2, 6])),
  single("1 of 1", 1, 1, normal([3, 1])),
  single("equal values", 6, 4, given([2, 6], [1, 3, 3, 1, 3, 0, 2, 2, 2, 2, 2, 2])),
  single("negative values and zeros of either sign", 5, 3, given([1, 5], [-1, -0, 0, -2, -0.5])),
];

/** The nearest neighbours of test images. */
export const topKBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "top_k",
    label: "20 of [256, 10000]",
    inputs: { x: normal([256, 10_000]) },
    run: (_device, _tape, { x }) => {
      const { values, indices } = topK(x, 20);
      return [values, indices];
    },
    forward: { flops: 0, bytes: 4 * 256 * 10_000 },
  }),
];
