/**
 * Optimisers and schedules.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { InvalidInputError } from "../errors.ts";
import type { Parameter } from "../nn/mod.ts";
import { Lars } from "./lars.ts";
import type { MomentumOptions, Optimizer } from "./optimizer.ts";
import { Sgd } from "./sgd.ts";

export * from "./lars.ts";
export * from "./optimizer.ts";
export * from "./schedule.ts";
export * from "./sgd.ts";

const optimizers = { lars: Lars, sgd: Sgd } as const;

/** The names that `--optimizer` takes. */
export const optimizerNames: readonly string[] = Object.keys(optimizers);

/** Makes the optimiser with a name. @throws {InvalidInputError} if the name is unknown. */
export function optimizerOf(
  name: string,
  device: Device,
  parameters: ReadonlyMap<string, Parameter>,
  options: MomentumOptions,
): Optimizer {
  if (name !== "lars" && name !== "sgd") {
    throw new InvalidInputError(`optimizer ${name} is unknown: use ${optimizerNames.join(", ")}`);
  }
  return new optimizers[name](device, parameters, options);
}
