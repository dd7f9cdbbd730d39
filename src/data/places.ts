/**
 * Finds the folders of data sets.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { InvalidInputError } from "../errors.ts";
import type { Archive } from "./archive.ts";

/** The folder for data sets: SLUICE_DATA if it is set, else `sluice` in the user's cache folder. */
export function defaultDataFolder(): string {
  return Deno.env.get("SLUICE_DATA") || join(Deno.env.get("XDG_CACHE_HOME") || join(homedir(), ".cache"), "sluice");
}

/** Whether a path is a folder or a link to a folder. */
export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/**
 * Finds the folder with a data set's files: inside `data` or `data` itself, or, without `data`, inside
 * {@linkcode defaultDataFolder}.
 *
 * @throws {InvalidInputError} if there is no such folder. The message says what to do.
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
      `data set ${name} is not in ${parent}: run \`sluice data fetch ${name}\`, or give --data DIR, the folder that contains ${folder}`,
    );
  }
  if (!isFolder(data)) {
    throw new InvalidInputError(
      `data folder ${data} does not exist: give --data DIR, the folder that contains ${folder}`,
    );
  }
  return data;
}
