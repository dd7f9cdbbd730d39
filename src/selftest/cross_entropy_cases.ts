/**
 * Cases of `crossEntropy`.
 *
 * @module
 */
import { crossEntropy } from "../ops/mod.ts";
import { type CaseInput, given, givenIntegers, integers, normal } from "./case_inputs.ts";
import { type OperationCase, operationCase } from "./operation_case.ts";

/** -log softmax(logits)[label]; the largest logit is subtracted first against overflow. */
function losses(logits: Float64Array, labels: Float64Array, classes: number): Float64Array {
  return labels.map((label, row) => {
    const values = logits.subarray(row * classes, (row + 1) * classes);
    const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = values.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    return Math.log(total) + largest - (values[label] ?? NaN);
  });
}

function single(label: string, classes: number, logits: CaseInput, labels: CaseInput): OperationCase {
  return operationCase({
    operation: "cross_entropy",
    label,
    inputs: { logits, labels },
    differentiable: ["logits"],
    run: (_device, tape, { logits, labels }) => crossEntropy(tape, logits, labels),
    reference: ({ logits, labels }) => [losses(logits, labels, classes)],
    fixture: true,
  });
}

/** Cases of `crossEntropy`. */
export const crossEntropyCases: readonly OperationCase[] = [
  single("10 classes", 10, normal([6, 10], 2), integers([6], 10)),
  single("one row, 3 classes", 3, normal([1, 3]), givenIntegers([1], [2])),
  single("one class", 1, normal([4, 1]), givenIntegers([4], [0, 0, 0, 0])),
  single("37 classes", 37, normal([5, 37]), integers([5], 37)),
  single("large logits", 3, given([2, 3], [300, 299, 100, -500, -501, -700]), givenIntegers([2], [1, 0])),
];
