/**
 * Runs several steps of an optimiser on parameters and gradients that are a case's inputs.
 *
 * @module
 */
import { Tape } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { Parameter } from "../nn/mod.ts";
import { binary, sum } from "../ops/mod.ts";
import { Lars, type MomentumOptions, Sgd } from "../optim/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

const optimisers = { sgd: Sgd, lars: Lars } as const;

/** A parameter and its gradient, which is the same at every step. */
export interface OptimisedTensor {
  readonly value: Tensor;
  readonly gradient: Tensor;
  /** Whether weight decay applies. */
  readonly decay: boolean;
}

/** The parameters after `rates.length` steps. Every step differentiates sum(value * gradient). */
export function optimiserSteps(
  device: Device,
  name: keyof typeof optimisers,
  tensors: readonly OptimisedTensor[],
  rates: readonly number[],
  options: MomentumOptions,
): Tensor[] {
  const parameters = tensors.map(({ value, decay }) =>
    new Parameter(device, value.toFloat32(), value.shape, { decay })
  );
  using optimiser = new optimisers[name](
    device,
    new Map(parameters.map((parameter, index) => [`${index}`, parameter])),
    options,
  );
  for (const rate of rates) {
    const tape = new Tape();
    const losses = tensors.flatMap(({ gradient }, index) => {
      const parameter = parameters[index];
      return parameter ? [sum(tape, binary(tape, "multiply", parameter.value, gradient), "all")] : [];
    });
    tape.backward(losses);
    optimiser.step(tape, rate);
  }
  return parameters.map((parameter) => {
    const values = parameter.value.clone();
    parameter[Symbol.dispose]();
    return values;
  });
}
