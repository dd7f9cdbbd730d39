/**
 * Cases of `binary`.
 *
 * @module
 */
import { binary, binaryCodes, type BinaryName, type Broadcast } from "../ops/mod.ts";
import { awayFromZero, normal } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";

const definitions: Readonly<Record<BinaryName, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};

/** The shape of b, and the index of the element of b that belongs to an element of a. */
const broadcasts: Readonly<
  Record<Broadcast, {
    readonly shape: (rows: number, columns: number) => number[];
    readonly index: (row: number, column: number, columns: number) => number;
  }>
> = {
  none: { shape: (rows, columns) => [rows, columns], index: (row, column, columns) => row * columns + column },
  row: { shape: (_rows, columns) => [columns], index: (_row, column) => column },
  column: { shape: (rows) => [rows], index: (row) => row },
  scalar: { shape: () => [1], index: () => 0 },
};

function single(
  name: BinaryName,
  broadcast: Broadcast,
  [rows, columns]: readonly [number, number],
  fixture: boolean,
): OperationCase {
  const { shape, index } = broadcasts[broadcast];
  return operationCase({
    operation: "binary",
    label: `${name}, broadcast ${broadcast}, [${rows}, ${columns}]`,
    attributes: { name, broadcast },
    inputs: { a: normal([rows, columns]), b: awayFromZero(shape(rows, columns)) },
    differentiable: ["a", "b"],
    run: (_device, tape, { a, b }) => binary(tape, name, a, b, broadcast),
    reference: ({ a, b }) => [
      a.map((value, i) => {
        const [row, column] = [Math.floor(i / columns), i % columns];
        return definitions[name](value, b[index(row, column, columns)] ?? NaN);
      }),
    ],
    fixture,
  });
}

const names = Object.keys(binaryCodes) as BinaryName[];
const ways = Object.keys(broadcasts) as Broadcast[];
const pairs = names.flatMap((name) => ways.map((broadcast) => [name, broadcast] as const));

/** Cases of `binary`. */
export const binaryCases: readonly OperationCase[] = [
  ...pairs.map(([name, broadcast]) => single(name, broadcast, [5, 7], true)),
  ...pairs.map(([name, broadcast]) => single(name, broadcast, [1, 19], false)),
  ...pairs.map(([name, broadcast]) => single(name, broadcast, [6, 1], false)),
  ...ways.map((broadcast) => single("multiply", broadcast, [0, 4], false)),
  operationCase({
    operation: "binary",
    label: "multiply, both operands the same tensor",
    inputs: { a: normal([4, 5]) },
    differentiable: ["a"],
    run: (_device, tape, { a }) => binary(tape, "multiply", a, a),
    reference: ({ a }) => [a.map((value) => value * value)],
  }),
  operationCase({
    operation: "binary",
    label: "add, both operands the same tensor",
    inputs: { a: normal([4, 5]) },
    differentiable: ["a"],
    run: (_device, tape, { a }) => binary(tape, "add", a, a),
    reference: ({ a }) => [a.map((value) => value + value)],
  }),
];

/** Subtraction of the mean from projections. */
export const binaryBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "binary",
    label: "subtract, broadcast row, [4096, 2048]",
    inputs: { a: normal([4096, 2048]), b: normal([2048]) },
    differentiable: ["a", "b"],
    run: (_device, tape, { a, b }) => binary(tape, "subtract", a, b, "row"),
    forward: { flops: 0, bytes: 8 * 4096 * 2048 },
  }),
];
