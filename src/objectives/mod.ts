/**
 * Self-supervised objectives, one file each, by name.
 *
 * @module
 */
import { InvalidInputError } from "../errors.ts";
import { barlowTwinsKind } from "./barlow_twins.ts";
import { byolKind } from "./byol.ts";
import { mocov2plusKind } from "./mocov2plus.ts";
import { mocov3Kind } from "./mocov3.ts";
import type { ObjectiveKind } from "./objective.ts";
import { simclrKind } from "./simclr.ts";
import { simsiamKind } from "./simsiam.ts";
import { vibcregKind } from "./vibcreg.ts";
import { vicregKind } from "./vicreg.ts";

export * from "./barlow_twins.ts";
export * from "./byol.ts";
export type { TermWeights } from "./decorrelation.ts";
export * from "./mocov2plus.ts";
export * from "./mocov3.ts";
export * from "./objective.ts";
export * from "./simclr.ts";
export * from "./simsiam.ts";
export * from "./vibcreg.ts";
export * from "./vicreg.ts";

/** Every objective, in the order of `--objective list`. */
export const objectiveKinds: readonly ObjectiveKind[] = [
  vicregKind,
  vibcregKind,
  barlowTwinsKind,
  simclrKind,
  simsiamKind,
  byolKind,
  mocov2plusKind,
  mocov3Kind,
];

/** The names that `--objective` takes. */
export const objectiveNames: readonly string[] = objectiveKinds.map(({ name }) => name);

/** The objective with a name. @throws {InvalidInputError} if the name is unknown. */
export function objectiveKind(name: string): ObjectiveKind {
  const kind = objectiveKinds.find((one) => one.name === name);
  if (kind !== undefined) return kind;
  throw new InvalidInputError(`objective ${name} is unknown: use ${objectiveNames.join(", ")}`);
}
