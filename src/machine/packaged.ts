/**
 * The packaged executable, and what repairs it; in a checkout other things do.
 *
 * @module
 */

import { join } from "node:path";

/** Whether this is the packaged executable, or a process that it started: its launcher says so. */
export function isPackaged(): boolean {
  return Boolean(Deno.env.get("SLUICE_EXECUTABLE"));
}

/** The folder of the executable's unpacked files; null in a checkout. */
export function cacheFolder(): string | null {
  return Deno.env.get("SLUICE_CACHE_FOLDER") || null;
}

/** What to do about a native library that is missing or broken. */
export function repairRemedy(): string {
  if (!isPackaged()) return "run `deno task build`";
  const folder = cacheFolder() ?? "the folder of the executable's unpacked files";
  const named = Deno.env.get("SLUICE_NATIVE");
  // The launcher names the executable's own folder of libraries, unless the variable is set.
  if (named && named !== join(folder, "native")) return `unset SLUICE_NATIVE, which names ${named}`;
  return `delete ${folder}: it is made again at the next start`;
}

/** How to get the CUDA library where it is not there. */
export function cudaLibraryRemedy(): string {
  const how = isPackaged() ? "build sluice from its sources" : "run `deno task build:cuda`";
  return `${how} where nvcc and the headers of cuDNN and cuBLAS are`;
}

/** What to do about a library on a file system from which none can be loaded, mounted on `mount`. */
export function noexecRemedy(mount: string): string {
  const remedy = isPackaged() ? "set SLUICE_CACHE to a folder elsewhere" : "put it on another file system";
  return `${mount} is mounted noexec, ${remedy}, or mount that one with exec`;
}
