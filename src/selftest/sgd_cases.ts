/**
 * Cases of SGD, which compare parameters after several steps.
 *
 * @module
 */
import { normal } from "./case_inputs.ts";
import { type OperationCase, operationCase } from "./operation_case.ts";
import { optimiserSteps } from "./optimiser_run.ts";

/** v = momentum v + g + decay w, w -= rate v, for every rate. */
function steps(
  value: Float64Array,
  gradient: Float64Array,
  rates: readonly number[],
  { momentum, weightDecay }: { readonly momentum: number; readonly weightDecay: number },
): Float64Array {
  return value.map((start, index) => {
    let [w, v] = [start, 0];
    for (const rate of rates) {
      v = momentum * v + (gradient[index] ?? NaN) + weightDecay * w;
      w -= rate * v;
    }
    return w;
  });
}

function single(label: string, rates: readonly number[], momentum: number, weightDecay: number): OperationCase {
  const options = { momentum, weightDecay };
  return operationCase({
    operation: "sgd",
    label,
    attributes: { rates, momentum, weightDecay },
    inputs: {
      matrix: normal([5, 7]),
      matrixGradient: normal([5, 7]),
      vector: normal([9]),
      vectorGradient: normal([9]),
      scalar: normal([1]),
      scalarGradient: normal([1]),
    },
    run: (device, _tape, inputs) =>
      optimiserSteps(
        device,
        "sgd",
        [
          { value: inputs.matrix, gradient: inputs.matrixGradient, decay: true },
          { value: inputs.vector, gradient: inputs.vectorGradient, decay: false },
          { value: inputs.scalar, gradient: inputs.scalarGradient, decay: false },
        ],
        rates,
        options,
      ),
    reference: (values) => [
      steps(values.matrix, values.matrixGradient, rates, options),
      steps(values.vector, values.vectorGradient, rates, { momentum, weightDecay: 0 }),
      steps(values.scalar, values.scalarGradient, rates, { momentum, weightDecay: 0 }),
    ],
    fixture: true,
  });
}

/** Cases of `Sgd`. */
export const sgdCases: readonly OperationCase[] = [
  single("three steps, momentum and weight decay", [0.1, 0.2, 0.05], 0.9, 0.01),
  single("one step without either", [0.5], 0, 0),
  single("a rate of 0", [0.1, 0], 0.9, 0.1),
];
