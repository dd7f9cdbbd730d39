/**
 * Sets up the engines of a GPU's convolutions: chosen by rule, measured, or taken from the measurements of another run.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { InvalidInputError, NativeError, UnsupportedError } from "../errors.ts";
import { reasonOf } from "../formats/mod.ts";
import type { RunConfig } from "../config/options.ts";

/** The options of a run that decide its engines. */
export type PlanOptions = Pick<RunConfig, "autotune" | "plans">;

function importFile(device: Device, path: string): void {
  try {
    device.importPlans(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof NativeError) {
      throw new InvalidInputError(`--plans ${path}: ${error.message}`, { cause: error });
    }
    const cause = reasonOf(error);
    const remedy = "give the plans.txt of a run with --autotune";
    throw new InvalidInputError(`--plans ${path}: cannot be read (${cause}); ${remedy}`, { cause: error });
  }
}

function startMeasuring(device: Device): void {
  try {
    device.autotune(true);
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    const { name } = device.description;
    throw new InvalidInputError(`--autotune: ${name} has a single engine; leave it out`, { cause: error });
  }
}

/**
 * Sets up a device before anything is computed on it.
 *
 * @throws {InvalidInputError} if the device has no engines to measure, or the file of plans is missing or another
 * device's.
 */
export function preparePlans(device: Device, { autotune, plans }: PlanOptions): void {
  if (plans !== null) importFile(device, plans);
  if (autotune) startMeasuring(device);
}
