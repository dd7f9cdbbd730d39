/**
 * Cases of `scale`.
 *
 * @module
 */
import { scale } from "../ops/mod.ts";
import { normal } from "./case_inputs.ts";
import { type OperationCase, operationCase } from "./operation_case.ts";

function single(label: string, shape: readonly number[], factor: number, offset: number): OperationCase {
  return operationCase({
    operation: "scale",
    label,
    attributes: { factor, offset },
    inputs: { x: normal(shape) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => scale(tape, x, factor, offset),
    reference: ({ x }) => [x.map((value) => factor * value + offset)],
    fixture: true,
  });
}

/** Cases of `scale`. */
export const scaleCases: readonly OperationCase[] = [
  single("factor and offset", [5, 7], -2.5, 0.75),
  single("factor only", [3, 3], 0.5, 0),
  single("factor 0", [4], 0, 1.5),
  single("one element", [1], 3, -1),
];
