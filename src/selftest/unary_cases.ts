/**
 * Cases of `unary`.
 *
 * @module
 */
import { unary, unaryCodes, type UnaryName } from "../ops/mod.ts";
import { asBf16, awayFromZero, type CaseInput, normal, uniform } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";

/** The definition of each function. */
const definitions: Readonly<Record<UnaryName, (x: number) => number>> = {
  relu: (x) => (x > 0 ? x : 0),
  square: (x) => x * x,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
};

/** Inputs inside each function's domain and away from its kinks and poles. */
function inputOf(name: UnaryName, shape: readonly number[]): CaseInput {
  if (name === "relu") return awayFromZero(shape);
  return name === "sqrt" || name === "log" ? uniform(shape, 0.2, 4) : normal(shape);
}

function single(name: UnaryName, label: string, x: CaseInput, fixture: boolean): OperationCase {
  return operationCase({
    operation: "unary",
    label: `${name}, ${label}`,
    attributes: { name },
    inputs: { x },
    differentiable: ["x"],
    run: (_device, tape, { x }) => unary(tape, name, x),
    reference: ({ x }) => [x.map(definitions[name])],
    fixture,
  });
}

function half(name: UnaryName): OperationCase {
  return operationCase({
    operation: "unary",
    label: `${name}, bf16`,
    inputs: { x: asBf16(inputOf(name, [7, 9])) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => unary(tape, name, x),
    reference: ({ x }) => [x.map(definitions[name])],
    tolerance: { error: 2e-5, reason: "outputs, and the gradients made of them, are rounded to 8 bits" },
  });
}

const names = Object.keys(unaryCodes) as UnaryName[];

/** Cases of `unary`. */
export const unaryCases: readonly OperationCase[] = [
  ...names.map((name) => single(name, "[5, 7]", inputOf(name, [5, 7]), true)),
  ...names.map((name) => single(name, "one element", inputOf(name, [1]), false)),
  ...names.map((name) => single(name, "no elements", inputOf(name, [0, 3]), false)),
  ...names.map((name) => single(name, "3 axes, more than one vector of any width", inputOf(name, [3, 5, 11]), false)),
  ...names.map(half),
];

/** The relu of a layer's activations. */
export const unaryBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "unary",
    label: "relu of 32 x 32 x 32 x 64",
    inputs: { x: normal([32, 32, 32, 64]) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => unary(tape, "relu", x),
    forward: { flops: 0, bytes: 8 * 32 ** 3 * 64 },
    backward: { flops: 0, bytes: 12 * 32 ** 3 * 64 },
  }),
];
