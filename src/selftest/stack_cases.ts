/**
 * Cases of `stack` and `concatRows`.
 *
 * @module
 */
import { concatRows, stack } from "../ops/mod.ts";
import { asBf16, bytes, type CaseInput, normal } from "./case_inputs.ts";
import { type OperationCase, operationCase } from "./operation_case.ts";

function joined(...scalars: Float64Array[]): Float64Array {
  return Float64Array.from(scalars, ([value]) => value ?? NaN);
}

function rows(label: string, first: CaseInput, second: CaseInput): OperationCase {
  return operationCase({
    operation: "stack",
    label,
    inputs: { first, second },
    differentiable: first.dtype === "u8" ? [] : ["first", "second"],
    run: (_device, tape, { first, second }) => concatRows(tape, [first, second]),
    reference: ({ first, second }) => [Float64Array.of(...first, ...second)],
    ...(first.dtype === "bf16" && { tolerance: { error: 1e-5, reason: "gradients are given in 8 bits" } }),
  });
}

/** Cases of `stack` and `concatRows`. */
export const stackCases: readonly OperationCase[] = [
  operationCase({
    operation: "stack",
    label: "three scalars",
    inputs: { first: normal([1]), second: normal([1]), third: normal([1]) },
    differentiable: ["first", "second", "third"],
    run: (_device, tape, { first, second, third }) => stack(tape, [first, second, third]),
    reference: ({ first, second, third }) => [joined(first, second, third)],
    fixture: true,
  }),
  operationCase({
    operation: "stack",
    label: "one scalar",
    inputs: { first: normal([1]) },
    differentiable: ["first"],
    run: (_device, tape, { first }) => stack(tape, [first]),
    reference: ({ first }) => [joined(first)],
    fixture: true,
  }),
  operationCase({
    operation: "stack",
    label: "the same scalar twice",
    inputs: { first: normal([1]), second: normal([1]) },
    differentiable: ["first", "second"],
    run: (_device, tape, { first, second }) => stack(tape, [first, second, first]),
    reference: ({ first, second }) => [joined(first, second, first)],
  }),
  rows("rows of two matrices", normal([3, 5]), normal([3, 5])),
  rows("more rows than one, and none", normal([4, 3]), normal([0, 3])),
  rows("slices of three axes", normal([1, 3, 2]), normal([2, 3, 2])),
  rows("rows of bf16", asBf16(normal([2, 7])), asBf16(normal([3, 7]))),
  rows("rows of bytes", bytes([3, 3]), bytes([1, 3])),
  operationCase({
    operation: "stack",
    label: "rows of one matrix twice, another between",
    inputs: { first: normal([2, 3]), second: normal([1, 3]) },
    differentiable: ["first", "second"],
    run: (_device, tape, { first, second }) => concatRows(tape, [first, second, first]),
    reference: ({ first, second }) => [Float64Array.of(...first, ...second, ...first)],
  }),
];
