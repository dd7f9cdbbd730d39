/**
 * Tells the packaged executable from a checkout, and gives the remedies that differ between them.
 *
 * @module
 */

import { join } from "@std/path";

/** Whether this process belongs to the packaged executable. Its launcher sets SLUICE_EXECUTABLE. */
export function isPackaged(): boolean {
  return Boolean(Deno.env.get("SLUICE_EXECUTABLE"));
}

/** The folder into which the executable unpacked its files; null in a checkout. */
export function cacheFolder(): string | null {
  return Deno.env.get("SLUICE_CACHE_FOLDER") || null;
}

/** What to do about a native library that is missing or broken. */
export function repairRemedy(): string {
  if (!isPackaged()) return "run `deno task build`";
  const folder = cacheFolder() ?? "the folder of the executable's unpacked files";
  const named = Deno.env.get("SLUICE_NATIVE");
  // The launcher sets SLUICE_NATIVE to the executable's own libraries unless the user has set it.
  if (named && named !== join(folder, "native")) return `unset SLUICE_NATIVE, which names ${named}`;
  return `delete ${folder}: the next start makes it again`;
}

/** How to get the CUDA library. */
export function cudaLibraryRemedy(): string {
  const how = isPackaged() ? "build sluice from its sources" : "run `deno task build:cuda`";
  return `${how} on a machine that has nvcc and the headers of cuDNN and cuBLAS`;
}

/**
 * What to do if a library lies on a file system mounted noexec.
 *
 * @param mount the folder where that file system is mounted.
 */
export function noexecRemedy(mount: string): string {
  const remedy = isPackaged() ? "set SLUICE_CACHE to a folder elsewhere" : "put it on another file system";
  return `${mount} is mounted noexec: ${remedy}, or remount ${mount} with exec`;
}
