/**
 * Cases of `movingAverage`.
 *
 * @module
 */
import { movingAverage } from "../ops/mod.ts";
import { asBf16, type CaseInput, given, normal } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";

function single(label: string, average: CaseInput, value: CaseInput, momentum: number): OperationCase {
  return operationCase({
    operation: "moving_average",
    label,
    attributes: { momentum },
    inputs: { average, value },
    run: (_device, _tape, { average, value }) => {
      movingAverage(average, value, momentum);
      return average;
    },
    reference: ({ average, value }) => [
      value.map((now, i) => (momentum === 0 ? now : momentum * (average[i] ?? NaN) + (1 - momentum) * now)),
    ],
    ...(average.dtype === "bf16" && { tolerance: { error: 1e-5, reason: "averages are rounded to 8 bits" } }),
    fixture: average.dtype === "f32" && momentum > 0,
  });
}

/** Cases of `movingAverage`. */
export const movingAverageCases: readonly OperationCase[] = [
  single("a matrix, 0.99", normal([5, 7]), normal([5, 7]), 0.99),
  single("weights of a convolution, 0.5", normal([3, 2, 2, 5]), normal([3, 2, 2, 5]), 0.5),
  single("one value, 0.9", normal([1]), normal([1]), 0.9),
  single("momentum 1 changes nothing", normal([9]), normal([9]), 1),
  single("momentum 0 does not read the average", given([3], [NaN, Infinity, -1]), normal([3]), 0),
  single("no values", normal([0, 3]), normal([0, 3]), 0.9),
  single("bf16", asBf16(normal([4, 9])), asBf16(normal([4, 9])), 0.75),
];

/** The largest convolution of a ResNet-18. */
export const movingAverageBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "moving_average",
    label: "512 x 3 x 3 x 512",
    inputs: { average: normal([512, 3, 3, 512]), value: normal([512, 3, 3, 512]) },
    run: (_device, _tape, { average, value }) => {
      movingAverage(average, value, 0.99);
      return average;
    },
    forward: { flops: 0, bytes: 12 * 512 * 9 * 512 },
  }),
];
