/**
 * Which engines a GPU's convolutions take: by rule, by measurement, or as another run has measured.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { InvalidInputError, NativeError, UnsupportedError } from "../errors.ts";
import { reasonOf } from "../formats/mod.ts";
import type { RunConfig } from "../config/options.ts";

/** The options that this reads. */
export type PlanOptions = Pick<RunConfig, "autotune" | "plans">;

/** Takes the engines of a file. */
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

/** Has a device measure its engines. */
function startMeasuring(device: Device): void {
  try {
    device.autotune(true);
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    const { name } = device.description;
    throw new InvalidInputError(`--autotune: ${name} has one engine for everything; leave it out`, { cause: error });
  }
}

/**
 * Sets a device up as the options ask, before anything is computed on it.
 *
 * @throws {InvalidInputError} where there is nothing to measure, or where the plans are missing or another device's.
 */
export function preparePlans(device: Device, { autotune, plans }: PlanOptions): void {
  if (plans !== null) importFile(device, plans);
  if (autotune) startMeasuring(device);
}
