/**
 * Cases of the joining of scalars.
 *
 * @module
 */
import { stack } from "../ops/mod.ts";
import { normal } from "./case_inputs.ts";
import { type OperationCase, operationCase } from "./operation_case.ts";

function joined(...scalars: Float64Array[]): Float64Array {
  return Float64Array.from(scalars, ([value]) => value ?? NaN);
}

/** Cases of `stack`. */
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
];
