/**
 * Cases of `sum` and `mean`.
 *
 * @module
 */
import { mean, sum, type SumAxis } from "../ops/mod.ts";
import { asBf16, type CaseInput, normal } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";

/** The length of the sum, and the index of its element to which an element of x is added. */
const targets: Readonly<Record<SumAxis, (row: number, column: number) => number>> = {
  rows: (_row, column) => column,
  columns: (row) => row,
  all: () => 0,
};

function sums(x: Float64Array, axis: SumAxis, rows: number, columns: number, factor: number): Float64Array {
  const y = new Float64Array({ rows: columns, columns: rows, all: 1 }[axis]);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const target = targets[axis](row, column);
      y[target] = (y[target] ?? NaN) + factor * (x[row * columns + column] ?? NaN);
    }
  }
  return y;
}

function single(axis: SumAxis, [rows, columns]: readonly [number, number], factor: number): OperationCase {
  return operationCase({
    operation: "sum",
    label: `over ${axis}, [${rows}, ${columns}]`,
    attributes: { axis, factor },
    inputs: { x: normal([rows, columns]) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => sum(tape, x, axis, factor),
    reference: ({ x }) => [sums(x, axis, rows, columns, factor)],
    fixture: rows > 0,
  });
}

/** bf16 input: only its gradient is rounded, because the sum is f32. */
function half(axis: SumAxis): OperationCase {
  const x: CaseInput = asBf16(normal([6, 10]));
  return operationCase({
    operation: "sum",
    label: `over ${axis}, bf16`,
    inputs: { x },
    differentiable: ["x"],
    run: (_device, tape, { x }) => sum(tape, x, axis, 0.5),
    reference: ({ x }) => [sums(x, axis, 6, 10, 0.5)],
    tolerance: { error: 1e-5, reason: "gradients are rounded to 8 bits" },
  });
}

const axes: readonly SumAxis[] = ["rows", "columns", "all"];

/** Cases of `sum` and `mean`. */
export const sumCases: readonly OperationCase[] = [
  ...axes.map((axis) => single(axis, [5, 7], 0.5)),
  ...axes.map((axis) => single(axis, [1, 9], 1)),
  ...axes.map((axis) => single(axis, [11, 1], -1)),
  ...axes.map((axis) => single(axis, [33, 40], 1)),
  ...axes.map((axis) => single(axis, [0, 4], 1)),
  ...axes.map(half),
  operationCase({
    operation: "sum",
    label: "mean of [3, 4, 5]",
    attributes: { axis: "all", factor: 1 / 60 },
    inputs: { x: normal([3, 4, 5]) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => mean(tape, x),
    reference: ({ x }) => [sums(x, "all", 12, 5, 1 / 60)],
    fixture: true,
  }),
];

/** Sums of projections, as the objectives take them. */
export const sumBenchmarks: readonly OperationBenchmark[] = axes.map((axis) =>
  operationBenchmark({
    operation: "sum",
    label: `over ${axis}, [4096, 2048]`,
    inputs: { x: normal([4096, 2048]) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => sum(tape, x, axis),
    forward: { flops: 0, bytes: 4 * 4096 * 2048 },
  })
);
