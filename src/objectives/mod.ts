/**
 * Self-supervised objectives, one file each, by name.
 *
 * @module
 */
import { InvalidInputError } from "../errors.ts";
import type { Objective } from "./objective.ts";
import { vicreg } from "./vicreg.ts";

export * from "./objective.ts";
export * from "./vicreg.ts";

const factories: Readonly<Record<string, () => Objective>> = { vicreg };

/** The names of all objectives. */
export const objectiveNames: readonly string[] = Object.keys(factories);

/** The objective of that name with its default weights. @throws {InvalidInputError} on an unknown name. */
export function objectiveOf(name: string): Objective {
  const factory = Object.hasOwn(factories, name) ? factories[name] : undefined;
  if (factory === undefined) {
    throw new InvalidInputError(`objective ${name} is unknown: use ${objectiveNames.join(", ")}`);
  }
  return factory();
}
