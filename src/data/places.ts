/**
 * Where data sets lie when nobody says.
 *
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The folder for data sets: SLUICE_DATA where it is set, else `sluice` in the user's folder for caches. */
export function defaultDataFolder(): string {
  return Deno.env.get("SLUICE_DATA") || join(Deno.env.get("XDG_CACHE_HOME") || join(homedir(), ".cache"), "sluice");
}

/** Whether a path is a folder. */
export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
