/**
 * Where data sets lie when nobody says.
 *
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { InvalidInputError } from "../errors.ts";
import type { Archive } from "./archive.ts";

/** The folder for data sets: SLUICE_DATA where it is set, else `sluice` in the user's folder for caches. */
export function defaultDataFolder(): string {
  return Deno.env.get("SLUICE_DATA") || join(Deno.env.get("XDG_CACHE_HOME") || join(homedir(), ".cache"), "sluice");
}

/** Whether a path is a folder. */
export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/**
 * The folder with a data set's files: that inside `data`, or `data` itself; inside the folder for data sets where none is named.
 *
 * @throws {InvalidInputError} where there is none, with what to do.
 */
export function findDataFolder(
  { name, archive: { folder } }: { readonly name: string; readonly archive: Archive },
  data: string | undefined,
): string {
  const parent = data ?? defaultDataFolder();
  const inner = join(parent, folder);
  if (isFolder(inner)) return inner;
  if (data === undefined) {
    throw new InvalidInputError(
      `data set ${name} is not in ${parent}: run \`sluice data fetch ${name}\`, or give --data DIR, the folder that holds ${folder}`,
    );
  }
  if (!isFolder(data)) {
    throw new InvalidInputError(`data folder ${data} does not exist: give --data DIR, the folder that holds ${folder}`);
  }
  return data;
}
