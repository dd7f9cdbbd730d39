/**
 * The set-up of a sweep's folder: what of it may be there without a plan.
 *
 * @module
 */
import { join } from "@std/path";
import { InvalidInputError } from "../errors.ts";

/** What a sweep writes into its folder, the temporary files of it included. */
const ownNames =
  /^(runs|tasks|lock|stop|results\.lock|(sweep\.yaml|plan\.json|results\.(json|csv)|slurm\.(sh|json))(\.\d+(-\d+)?\.partial)?)$/;

/** Why no folder can be at a path, in words; null of any other error. */
function whyNoFolder(error: unknown): string | null {
  if (error instanceof Deno.errors.NotADirectory) return "is no folder, or lies in something that is none";
  if (error instanceof Deno.errors.PermissionDenied) return "cannot be read, permission is denied";
  const isTooLong = error instanceof Error && "code" in error && error.code === "ENAMETOOLONG";
  return isTooLong ? "has a name that is too long" : null;
}

/** Names of what is in a folder; null if there is no folder. @throws {InvalidInputError} if there can be none. */
function namesIn(path: string): string[] | null {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    const reason = whyNoFolder(cause);
    if (reason === null) throw cause;
    throw new InvalidInputError(`${path}: ${reason}; give --out another folder`, { cause });
  }
}

function isEmpty(folder: string): boolean {
  return (namesIn(folder) ?? []).length === 0;
}

/**
 * Whether a folder without a plan is one that a sweep's set-up began, at whatever point it was ended: the folders of runs and tasks are
 * made first, then the spec is written. A folder with a spec may hold runs: its plan was removed, say because it was damaged.
 */
export function isBegunSetUp(path: string): boolean {
  const names = namesIn(path) ?? [];
  if (names.length === 0 || !names.every((name) => ownNames.test(name))) return false;
  if (names.includes("sweep.yaml")) return names.includes("runs") && names.includes("tasks");
  return ["runs", "tasks"].every((name) => isEmpty(join(path, name)));
}

/** Whether a sweep may be set up at a path: nothing is there, an empty folder, or a set-up that was ended. */
export function isFreeForSweep(path: string): boolean {
  const names = namesIn(path);
  return names === null || names.length === 0 || isBegunSetUp(path);
}
