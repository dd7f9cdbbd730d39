/**
 * Cases of `sliceRows`.
 *
 * @module
 */
import { sliceRows } from "../ops/mod.ts";
import { asBf16, type CaseInput, integers, normal } from "./case_inputs.ts";
import { type OperationCase, operationCase } from "./operation_case.ts";

/** Divides the rows of x [rows, columns] into parts; part k has `sizes[k]` rows. */
function parts(label: string, columns: number, x: CaseInput, sizes: readonly number[]): OperationCase {
  const starts = sizes.map((_, part) => sizes.slice(0, part).reduce((sum, size) => sum + size, 0));
  return operationCase({
    operation: "slice_rows",
    label,
    inputs: { x },
    differentiable: x.dtype === "i32" ? [] : ["x"],
    run: (_device, tape, { x }) => sizes.map((size, part) => sliceRows(tape, x, starts[part] ?? NaN, size)),
    reference: ({ x }) =>
      sizes.map((size, part) => {
        const start = starts[part] ?? NaN;
        return Float64Array.from({ length: size * columns }, (_, i) => x[start * columns + i] ?? NaN);
      }),
    ...(x.dtype === "bf16" && {
      tolerance: { error: 1e-5, reason: "gradients are given in 8 bits, and their sums rounded to them" },
    }),
  });
}

/** Cases of `sliceRows`. */
export const sliceRowsCases: readonly OperationCase[] = [
  parts("halves", 5, normal([6, 5]), [3, 3]),
  parts("parts of other sizes, one of them empty", 3, normal([6, 3]), [1, 0, 3, 2]),
  parts("the first rows alone", 4, normal([5, 4]), [2]),
  parts("one row of one element", 1, normal([1, 1]), [1]),
  parts("slices of three axes", 10, normal([4, 5, 2]), [1, 3]),
  parts("bf16", 5, asBf16(normal([6, 5])), [3, 3]),
  parts("whole numbers", 2, integers([5, 2], 1000), [2, 3]),
  operationCase({
    operation: "slice_rows",
    label: "rows taken twice, and some not at all",
    inputs: { x: normal([5, 2]) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => [sliceRows(tape, x, 1, 3), sliceRows(tape, x, 2, 2)],
    reference: ({ x }) => [x.slice(2, 8), x.slice(4, 8)],
  }),
];
