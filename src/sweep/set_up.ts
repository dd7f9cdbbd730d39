/**
 * Recognises a sweep's folder whose set-up did not finish, so that it has no plan yet.
 *
 * @module
 */
import { join } from "@std/path";
import { InvalidInputError } from "../errors.ts";

/** Names that a sweep writes into its folder, including temporary files. */
const ownNames =
  /^(runs|tasks|lock|stop|results\.lock|(sweep\.yaml|plan\.json|results\.(json|csv)|slurm\.(sh|json))(\.\d+(-\d+)?\.partial)?)$/;

/** The reason why a path cannot be a folder; null for any other error. */
function whyNoFolder(error: unknown): string | null {
  if (error instanceof Deno.errors.NotADirectory) return "is not a folder, or is inside something that is not a folder";
  if (error instanceof Deno.errors.PermissionDenied) return "cannot be read, because permission is denied";
  const isTooLong = error instanceof Error && "code" in error && error.code === "ENAMETOOLONG";
  return isTooLong ? "has a name that is too long" : null;
}

/**
 * Names in a folder; null if the path does not exist.
 *
 * @throws {InvalidInputError} if the path cannot be a readable folder.
 */
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
 * Whether a folder without a plan comes from an interrupted set-up, which makes `runs` and `tasks` first and then
 * writes the spec. A folder with a spec may contain runs: somebody may have removed a damaged plan.
 */
export function isBegunSetUp(path: string): boolean {
  const names = namesIn(path) ?? [];
  if (names.length === 0 || !names.every((name) => ownNames.test(name))) return false;
  if (names.includes("sweep.yaml")) return names.includes("runs") && names.includes("tasks");
  return ["runs", "tasks"].every((name) => isEmpty(join(path, name)));
}

/** Whether a sweep may be set up at a path: it does not exist, is an empty folder, or has an interrupted set-up. */
export function isFreeForSweep(path: string): boolean {
  const names = namesIn(path);
  return names === null || names.length === 0 || isBegunSetUp(path);
}
