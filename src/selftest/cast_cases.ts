/**
 * Cases of `cast`.
 *
 * @module
 */
import { cast } from "../ops/mod.ts";
import { asBf16, bf16Bits, bf16Value, bytes, type CaseInput, given, integers, normal } from "./case_inputs.ts";
import { type OperationCase, operationCase } from "./operation_case.ts";

/** Halfway between two bf16 numbers (rounds to the even one), just above and just below it, and zeros of both signs. */
const ties = [1.00390625, 1.01171875, 1.0039064, 1.0039062, -1.00390625, 0, -0, 12345.678];

function toFloat(label: string, x: CaseInput): OperationCase {
  return operationCase({
    operation: "cast",
    label,
    inputs: { x },
    run: (_device, tape, { x }) => cast(tape, x, "f32"),
    reference: ({ x }) => [x],
  });
}

function toHalf(label: string, x: CaseInput): OperationCase {
  return operationCase({
    operation: "cast",
    label,
    inputs: { x },
    differentiable: ["x"],
    run: (_device, tape, { x }) => cast(tape, x, "bf16"),
    reference: ({ x }) => [x.map((value) => bf16Value(bf16Bits(value)))],
    smooth: ({ x }) => [x],
  });
}

/** Cases of `cast`. */
export const castCases: readonly OperationCase[] = [
  toHalf("f32 to bf16", normal([5, 7])),
  toHalf("f32 to bf16, ties", given([8], ties)),
  operationCase({
    operation: "cast",
    label: "bf16 to f32",
    inputs: { x: asBf16(normal([5, 7])) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => cast(tape, x, "f32"),
    reference: ({ x }) => [x],
    tolerance: { error: 1e-5, reason: "the gradient is rounded to 8 bits" },
  }),
  toFloat("u8 to f32", bytes([3, 11])),
  toFloat("i32 to f32", integers([3, 5], 100_000)),
];
