/**
 * Cases of `writeRows`.
 *
 * @module
 */
import { writeRows } from "../ops/mod.ts";
import { asBf16, bytes, type CaseInput, integers, normal } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";

/** A case of rows of `columns` elements; `start` is the first row written. */
function single(label: string, target: CaseInput, rows: CaseInput, start: number, columns: number): OperationCase {
  return operationCase({
    operation: "write_rows",
    label,
    attributes: { start },
    inputs: { target, rows },
    run: (_device, _tape, { target, rows }) => {
      writeRows(target, start, rows);
      return target;
    },
    reference: ({ target, rows }) => {
      const [first, end] = [start * columns, start * columns + rows.length];
      return [target.map((value, i) => (i >= first && i < end ? rows[i - first] ?? NaN : value))];
    },
    tolerance: { error: 0, reason: "rows are copied bit by bit" },
    fixture: target.dtype === "f32" && rows.shape.length === target.shape.length,
  });
}

/** Cases of `writeRows`. */
export const writeRowsCases: readonly OperationCase[] = [
  single("rows in the middle", normal([6, 5]), normal([2, 5]), 3, 5),
  single("all rows", normal([3, 4]), normal([3, 4]), 0, 4),
  single("no rows, behind the last", normal([3, 4]), normal([0, 4]), 3, 4),
  single("the last row", normal([4, 1]), normal([1, 1]), 3, 1),
  single("rows of two axes", normal([4, 3, 2]), normal([2, 3, 2]), 1, 6),
  single("rows given in another shape", normal([4, 6]), normal([2, 2, 3]), 1, 6),
  single("bf16", asBf16(normal([6, 5])), asBf16(normal([2, 5])), 1, 5),
  single("whole numbers", integers([6, 3], 1000), integers([2, 3], 1000), 4, 3),
  single("bytes", bytes([6, 3]), bytes([2, 3]), 0, 3),
];

/** The features of one batch of an evaluated split. */
export const writeRowsBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "write_rows",
    label: "250 of 10,000 rows of 512",
    inputs: { target: normal([10_000, 512]), rows: normal([250, 512]) },
    run: (_device, _tape, { target, rows }) => {
      writeRows(target, 5000, rows);
      return target;
    },
    forward: { flops: 0, bytes: 8 * 250 * 512 },
  }),
];
