/**
 * Runs a case's operation on a device: uploads its inputs, and downloads its outputs and gradients.
 *
 * @module
 */
import { type Recorder, Tape } from "../autograd/mod.ts";
import type { Device, HostArray } from "../device/mod.ts";
import { type DType, Scope, Tensor } from "../tensor/mod.ts";
import { asBf16, drawInput, normal, toFloat64 } from "./case_inputs.ts";
import { caseName, type OperationRun } from "./operation_case.ts";

/** Outputs and gradients of a case, in float64. */
export interface CaseValues {
  /** The outputs. */
  readonly outputs: readonly Float64Array[];
  /** The cotangent of each output; null if the output does not depend on differentiable inputs. */
  readonly cotangents: readonly (Float64Array | null)[];
  /** Gradients of the sum of cotangent times output with respect to the differentiable inputs, by name. */
  readonly gradients: ReadonlyMap<string, Float64Array>;
}

/** The inputs of a case on the host, by name; the same at every call. */
export function hostInputs(run: OperationRun): Record<string, HostArray> {
  return Object.fromEntries(
    Object.entries(run.inputs).map(([name, input]) => [name, drawInput(input, `${caseName(run)}/${name}`)]),
  );
}

/** The inputs of a case on a device, by name. */
export function uploadInputs(device: Device, run: OperationRun): Record<string, Tensor> {
  const tensors = Object.entries(hostInputs(run)).map(([name, data]): [string, Tensor] => {
    return [name, Tensor.from(device, data, run.inputs[name]?.shape ?? [])];
  });
  return Object.fromEntries(tensors);
}

/** The random cotangent of output `index`, the same at every call. */
export function drawCotangent(run: OperationRun, index: number, shape: readonly number[], dtype: DType): HostArray {
  const values = normal(shape);
  return drawInput(dtype === "bf16" ? asBf16(values) : values, `${caseName(run)}/cotangent ${index}`);
}

/** Calls the operation and returns its outputs as a list. */
export function callOperation(
  device: Device,
  run: OperationRun,
  tape: Recorder,
  inputs: Readonly<Record<string, Tensor>>,
): readonly Tensor[] {
  const outputs = run.run(device, tape, inputs);
  return outputs instanceof Tensor ? [outputs] : outputs;
}

/** Marks the differentiable inputs as requiring gradients, and returns them. */
export function markDifferentiable(
  run: OperationRun,
  inputs: Readonly<Record<string, Tensor>>,
): { readonly name: string; readonly tensor: Tensor }[] {
  return (run.differentiable ?? []).map((name) => {
    const tensor = inputs[name];
    if (tensor === undefined) throw new TypeError(`${caseName(run)} has no input ${name}`);
    tensor.requiresGrad = true;
    return { name, tensor };
  });
}

/** The outputs of a case, computed without a tape. */
export function outputValues(device: Device, run: OperationRun): Float64Array[] {
  using _scope = new Scope();
  return callOperation(device, run, null, uploadInputs(device, run)).map((output) => toFloat64(output.toHost()));
}

/**
 * The outputs and gradients of a case.
 *
 * @param calls the number of calls on the same inputs; their gradients are summed.
 */
export function outputsAndGradients(device: Device, run: OperationRun, calls = 1): CaseValues {
  using _scope = new Scope();
  const tape = new Tape();
  const inputs = uploadInputs(device, run);
  const leaves = markDifferentiable(run, inputs);
  const outputs = callOperation(device, run, tape, inputs);
  const values = outputs.map((output) => toFloat64(output.toHost()));
  const seeds = outputs.map((output, index) => {
    if (!output.requiresGrad) return null;
    return Tensor.from(device, drawCotangent(run, index, output.shape, output.dtype), output.shape);
  });
  const repeated = Array.from({ length: calls - 1 }, () => callOperation(device, run, tape, inputs));
  const seeded = [outputs, ...repeated].flatMap((list) =>
    list.flatMap((output, index) => {
      const seed = seeds[index];
      return seed ? [{ output, seed }] : [];
    })
  );
  const cotangents = seeds.map((seed) => seed && toFloat64(seed.toHost()));
  tape.backward(seeded.map(({ output }) => output), seeded.map(({ seed }) => seed));
  const gradients = leaves.map(({ name, tensor }): [string, Float64Array] => {
    const gradient = tape.gradient(tensor);
    return [name, gradient === undefined ? new Float64Array() : toFloat64(gradient.toHost())];
  });
  return { outputs: values, cotangents, gradients: new Map(gradients) };
}
