/**
 * Checks the values, gradients and memory of operations on a device.
 *
 * @module
 */
import { compareWithDifferences, normalisedError } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { SluiceError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";
import { toFloat64 } from "./case_inputs.ts";
import { type CaseValues, hostInputs, outputsAndGradients, outputValues } from "./case_values.ts";
import type { OperationCase } from "./operation_case.ts";
import { operationCases } from "./operation_cases.ts";

/**
 * Limit of the normalised mean squared error of values and gradients: a relative error of 1e-6, about ten roundings of
 * f32.
 */
export const DEFAULT_TOLERANCE = 1e-12;

/** The result of a case. */
export interface CaseResult {
  /** The operation. */
  readonly operation: string;
  /** The case's label. */
  readonly case: string;
  /** Whether values and gradients are within the tolerance and all memory was freed. */
  readonly ok: boolean;
  /** Largest normalised mean squared error of an output; infinite if the operation failed. */
  readonly error: number;
  /** Largest normalised mean squared error of a gradient; null if there are no gradients. */
  readonly gradientError: number | null;
  /** Bytes of device memory that the case did not free. */
  readonly leakedBytes: number;
  /** Duration of the whole check. */
  readonly milliseconds: number;
  /** The message of the exception that ended the case, if there was one. */
  readonly message?: string;
}

/** The choice of cases. */
export interface SelftestOptions {
  /** The operations to check; all by default. */
  readonly operations?: readonly string[];
  /** Called after every case. */
  readonly progress?: (result: CaseResult) => void;
}

/**
 * Fills with NaN the cached memory that inputs and outputs of these sizes will get, so that unwritten elements show.
 */
function poison(device: Device, sizes: readonly number[]): void {
  const tensors = sizes.map((size) => Tensor.full(device, [size], NaN));
  for (const tensor of tensors) tensor[Symbol.dispose]();
}

/** The largest error; NaN counts as infinite. */
function worst(errors: readonly number[]): number {
  return errors.reduce((largest, error) => Number.isNaN(error) ? Infinity : Math.max(largest, error), 0);
}

/** The largest normalised error of a list of outputs; infinite if an output is missing, extra or of another size. */
export function worstError(actual: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): number {
  if (actual.length !== expected.length) return Infinity;
  return worst(expected.map((values, index) => normalisedError(actual[index] ?? [], values)));
}

/** A case's inputs in float64, by name. */
export function inputValues(checked: OperationCase): Record<string, Float64Array> {
  return Object.fromEntries(Object.entries(hostInputs(checked)).map(([name, data]) => [name, toFloat64(data)]));
}

/**
 * Errors of the gradients against finite differences, and of the summed gradients of two calls against twice those of
 * one.
 */
function gradientErrors(device: Device, checked: OperationCase, single: CaseValues): number[] {
  const inputs = inputValues(checked);
  const objective = () =>
    (checked.smooth?.(inputs) ?? checked.reference(inputs)).reduce((total, output, index) => {
      const cotangent = single.cotangents[index];
      if (!cotangent) return total;
      return output.reduce((sum, value, i) => sum + value * (cotangent[i] ?? NaN), total);
    }, 0);
  const double = outputsAndGradients(device, checked, 2).gradients;
  return [...single.gradients].flatMap(([name, gradient]) => [
    compareWithDifferences(inputs[name] ?? new Float64Array(), gradient, objective),
    normalisedError(double.get(name) ?? [], gradient.map((value) => 2 * value)),
  ]);
}

function errorsOf(device: Device, checked: OperationCase): { error: number; gradientError: number | null } {
  const inputs = inputValues(checked);
  const expected = checked.reference(inputs);
  // Gradients have the sizes of inputs, and cotangents have the sizes of outputs.
  const sizes = [...Object.values(inputs), ...expected].map((values) => values.length);
  poison(device, sizes);
  const plain = worstError(outputValues(device, checked), expected);
  if ((checked.differentiable ?? []).length === 0) return { error: plain, gradientError: null };
  poison(device, [...sizes, ...sizes]);
  const values = outputsAndGradients(device, checked);
  const error = worst([plain, worstError(values.outputs, expected)]);
  return { error, gradientError: worst(gradientErrors(device, checked, values)) };
}

/** Whether a device can run a case. */
export function canRun(device: Device, checked: OperationCase): boolean {
  return checked.needsBf16 !== true || device.description.bf16;
}

/** Checks a case with and without a tape, and its gradients of one call and of two. */
export function checkCase(device: Device, checked: OperationCase): CaseResult {
  const started = performance.now();
  const before = device.memory().inUse;
  const tolerance = checked.tolerance?.error ?? DEFAULT_TOLERANCE;
  let errors: { error: number; gradientError: number | null; message?: string };
  try {
    errors = errorsOf(device, checked);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    errors = { error: Infinity, gradientError: null, message: error.message };
  }
  const leakedBytes = device.memory().inUse - before;
  const ok = errors.error <= tolerance && (errors.gradientError ?? 0) <= tolerance && leakedBytes === 0;
  const milliseconds = performance.now() - started;
  return { operation: checked.operation, case: checked.label, ok, ...errors, leakedBytes, milliseconds };
}

/** Checks every case that the device can run. */
export function runSelftest(device: Device, options: SelftestOptions = {}): CaseResult[] {
  const { operations, progress } = options;
  const chosen = operationCases.filter((checked) => {
    return canRun(device, checked) && (operations?.includes(checked.operation) ?? true);
  });
  return chosen.map((checked) => {
    const result = checkCase(device, checked);
    progress?.(result);
    return result;
  });
}
