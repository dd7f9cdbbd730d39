/**
 * Cases of `repeatColumns`.
 *
 * @module
 */
import { repeatColumns } from "../ops/mod.ts";
import { normal } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";

function repeated(x: Float64Array, columns: number, count: number): Float64Array {
  const width = columns * count;
  return Float64Array.from({ length: x.length * count }, (_, index) => {
    const [row, column] = [Math.floor(index / width), index % width];
    return x[row * columns + Math.floor(column / count)] ?? NaN;
  });
}

function single([rows, columns]: readonly [number, number], count: number): OperationCase {
  return operationCase({
    operation: "repeat_columns",
    label: `[${rows}, ${columns}], ${count} times`,
    attributes: { count },
    inputs: { x: normal([rows, columns]) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => repeatColumns(tape, x, count),
    reference: ({ x }) => [repeated(x, columns, count)],
    fixture: rows > 0,
  });
}

/** Cases of `repeatColumns`. */
export const repeatColumnsCases: readonly OperationCase[] = [
  single([5, 7], 4),
  single([3, 4], 1),
  single([6, 1], 16),
  single([1, 1], 1),
  single([2, 33], 3),
  single([0, 4], 2),
];

/** The mask of a batch of 256 images at the widest block, whose gate opens 16 channels at a time. */
export const repeatColumnsBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "repeat_columns",
    label: "[256, 32], 16 times",
    inputs: { x: normal([256, 32]) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => repeatColumns(tape, x, 16),
    forward: { flops: 0, bytes: 4 * 17 * 256 * 32 },
    backward: { flops: 0, bytes: 4 * 17 * 256 * 32 },
  }),
];
