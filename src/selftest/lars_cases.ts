/**
 * Cases of LARS, which compare parameters after several steps.
 *
 * @module
 */
import { type CaseInput, given, normal } from "./case_inputs.ts";
import { type OperationCase, operationCase } from "./operation_case.ts";
import { optimiserSteps } from "./optimiser_run.ts";

const MOMENTUM = 0.9;

function length(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** The steps of one tensor by LARS's formula; without `adapt`, plain SGD without decay. */
function steps(
  value: Float64Array,
  gradient: Float64Array,
  rates: readonly number[],
  weightDecay: number,
  adapt: boolean,
): Float64Array {
  let w = value;
  let v = new Float64Array(value.length);
  for (const rate of rates) {
    const [lengthW, lengthG] = [length(w), length(gradient)];
    const adapted = adapt && lengthW !== 0 && lengthG !== 0;
    const trust = adapted ? Math.min(0.02 * lengthW / (lengthG + weightDecay * lengthW + 1e-8) / rate, 1) : 1;
    const decay = adapted ? weightDecay : 0;
    const moved = w;
    v = v.map((old, i) => MOMENTUM * old + trust * ((gradient[i] ?? NaN) + decay * (moved[i] ?? NaN)));
    const velocity = v;
    w = w.map((old, i) => old - rate * (velocity[i] ?? NaN));
  }
  return w;
}

function single(
  label: string,
  rates: readonly number[],
  weightDecay: number,
  matrix: CaseInput,
  matrixGradient: CaseInput,
): OperationCase {
  return operationCase({
    operation: "lars",
    label,
    attributes: { rates, momentum: MOMENTUM, weightDecay },
    inputs: { matrix, matrixGradient, vector: normal([9]), vectorGradient: normal([9]) },
    run: (device, _tape, inputs) =>
      optimiserSteps(
        device,
        "lars",
        [
          { value: inputs.matrix, gradient: inputs.matrixGradient, decay: true },
          { value: inputs.vector, gradient: inputs.vectorGradient, decay: false },
        ],
        rates,
        { momentum: MOMENTUM, weightDecay },
      ),
    reference: (values) => [
      steps(values.matrix, values.matrixGradient, rates, weightDecay, true),
      steps(values.vector, values.vectorGradient, rates, weightDecay, false),
    ],
    fixture: true,
  });
}

const zeros = given([2, 3], [0, 0, 0, 0, 0, 0]);

/** Cases of `Lars`. */
export const larsCases: readonly OperationCase[] = [
  single("three steps, rates above the trust", [0.5, 0.3, 0.2], 1e-2, normal([5, 7]), normal([5, 7])),
  single("rates below the trust are not raised", [0.001, 0.002], 1e-2, normal([5, 7]), normal([5, 7], 0.01)),
  single("weights of 0", [0.3, 0.3], 1e-2, zeros, normal([2, 3])),
  single("gradients of 0", [0.3, 0.3], 1e-2, normal([2, 3]), zeros),
  single("one weight", [0.3], 1e-4, normal([1, 1]), normal([1, 1])),
];
