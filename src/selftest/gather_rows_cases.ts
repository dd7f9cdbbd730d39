/**
 * Cases of `gatherRows`.
 *
 * @module
 */
import { gatherRows } from "../ops/mod.ts";
import { bytes, type CaseInput, givenIntegers, integers, normal } from "./case_inputs.ts";
import { type OperationCase, operationCase } from "./operation_case.ts";

function selected(x: Float64Array, indices: Float64Array, columns: number): Float64Array {
  const y = new Float64Array(indices.length * columns);
  indices.forEach((row, i) => {
    for (let j = 0; j < columns; j++) y[i * columns + j] = x[row * columns + j] ?? NaN;
  });
  return y;
}

function single(label: string, columns: number, x: CaseInput, indices: CaseInput): OperationCase {
  return operationCase({
    operation: "gather_rows",
    label,
    inputs: { x, indices },
    differentiable: ["x"],
    run: (_device, tape, { x, indices }) => gatherRows(tape, x, indices),
    reference: ({ x, indices }) => [selected(x, indices, columns)],
    fixture: true,
  });
}

/** Cases of `gatherRows`. */
export const gatherRowsCases: readonly OperationCase[] = [
  single("some rows, one of them three times", 7, normal([5, 7]), givenIntegers([6], [4, 0, 2, 0, 3, 0])),
  single("more rows than there are", 3, normal([2, 3]), integers([9], 2)),
  single("one row of one element", 1, normal([1, 1]), givenIntegers([1], [0])),
  single("slices of three axes", 10, normal([4, 5, 2]), givenIntegers([2], [3, 1])),
  operationCase({
    operation: "gather_rows",
    label: "bytes",
    inputs: { x: bytes([6, 5]), indices: givenIntegers([4], [5, 5, 0, 2]) },
    run: (_device, tape, { x, indices }) => gatherRows(tape, x, indices),
    reference: ({ x, indices }) => [selected(x, indices, 5)],
  }),
  operationCase({
    operation: "gather_rows",
    label: "whole numbers",
    inputs: { x: integers([6, 1], 1000), indices: givenIntegers([3], [1, 0, 5]) },
    run: (_device, tape, { x, indices }) => gatherRows(tape, x, indices),
    reference: ({ x, indices }) => [selected(x, indices, 1)],
  }),
];
