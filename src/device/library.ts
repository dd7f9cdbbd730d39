/**
 * Finds and opens a native library of sluice.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { DeviceUnavailableError } from "../errors.ts";
import { ABI_VERSION, symbols } from "./abi.ts";

/** Which of the two builds of the native library. */
export type DeviceKind = "cpu" | "cuda";

/** An opened native library. */
export type Library = Deno.DynamicLibrary<typeof symbols>;

/**
 * The file that `kind`'s library is loaded from: `libsluice_<kind>.so` in the folder named by the environment variable
 * SLUICE_NATIVE, else in `native/build` of the checkout.
 *
 * @throws {DeviceUnavailableError} where this code is no checkout's, but fetched from elsewhere, and SLUICE_NATIVE is not set.
 */
export function libraryPath(kind: DeviceKind): string {
  const name = `libsluice_${kind}.so`;
  const named = Deno.env.get("SLUICE_NATIVE");
  if (named) return join(named, name);
  const built = new URL("../../native/build", import.meta.url);
  if (built.protocol === "file:") return join(fileURLToPath(built), name);
  throw new DeviceUnavailableError(
    `${name} does not come with ${built.host}'s code: run \`deno task build\` in a checkout of sluice, and set SLUICE_NATIVE to its native/build`,
  );
}

/** Whether the library of `kind` is built. */
export function hasLibrary(kind: DeviceKind): boolean {
  return existsSync(libraryPath(kind));
}

/**
 * Opens the library of `kind`.
 *
 * @throws {DeviceUnavailableError} where it is missing, cannot be loaded, or is of another interface version.
 */
export function openLibrary(kind: DeviceKind): Library {
  const path = libraryPath(kind);
  if (!hasLibrary(kind)) {
    const remedy = kind === "cpu"
      ? "run `deno task build` (oneDNN is needed: libdnnl-dev)"
      : "run `deno task build` where nvcc and the headers of cuDNN and cuBLAS are, or use device cpu";
    throw new DeviceUnavailableError(`the native library ${path} is missing: ${remedy}`);
  }
  let library: Library;
  try {
    library = Deno.dlopen(path, symbols);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new DeviceUnavailableError(
      `the native library ${path} cannot be loaded (${cause}): run \`deno task build\``,
      {
        cause: error,
      },
    );
  }
  const version = library.symbols.sl_abi_version();
  if (version !== ABI_VERSION) {
    library.close();
    throw new DeviceUnavailableError(
      `the native library ${path} has interface version ${version}, not ${ABI_VERSION}: run \`deno task build\``,
    );
  }
  return library;
}
