/**
 * Cases of `enqueueRows`.
 *
 * @module
 */
import { enqueueRows } from "../ops/mod.ts";
import { asBf16, type CaseInput, normal } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";

function single(label: string, queue: CaseInput, rows: CaseInput): OperationCase {
  return operationCase({
    operation: "enqueue_rows",
    label,
    inputs: { queue, rows },
    run: (_device, _tape, { queue, rows }) => {
      enqueueRows(queue, rows);
      return queue;
    },
    reference: ({ queue, rows }) => [
      queue.map((_, i) => (i < rows.length ? rows[i] : queue[i - rows.length]) ?? NaN),
    ],
    tolerance: { error: 0, reason: "rows are copied bit by bit" },
    fixture: queue.dtype === "f32",
  });
}

/** Cases of `enqueueRows`. */
export const enqueueRowsCases: readonly OperationCase[] = [
  single("fewer rows than the queue holds", normal([7, 3]), normal([2, 3])),
  single("as many rows as the queue holds", normal([4, 5]), normal([4, 5])),
  single("more rows than the queue holds", normal([3, 4]), normal([5, 4])),
  single("no rows", normal([3, 4]), normal([0, 4])),
  single("a queue of one value", normal([1, 1]), normal([1, 1])),
  single("bf16", asBf16(normal([5, 3])), asBf16(normal([2, 3]))),
];

/** The keys of one step of MoCo v2+. */
export const enqueueRowsBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "enqueue_rows",
    label: "256 into 4096 rows of 512",
    inputs: { queue: normal([4096, 512]), rows: normal([256, 512]) },
    run: (_device, _tape, { queue, rows }) => {
      enqueueRows(queue, rows);
      return queue;
    },
    forward: { flops: 0, bytes: 8 * 4096 * 512 },
  }),
];
