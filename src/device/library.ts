/**
 * Finds and opens a native library of sluice.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { DeviceUnavailableError } from "../errors.ts";
import { ABI_VERSION, symbols } from "./abi.ts";
import { describeMissing, readProcessor } from "../machine/instructions.ts";
import { mountOf, readMounts } from "../machine/mounts.ts";
import { cudaLibraryRemedy, isPackaged, noexecRemedy, repairRemedy } from "../machine/packaged.ts";
import { loaderSentence, SystemCalls } from "../machine/system_calls.ts";

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

function missingRemedy(kind: DeviceKind): string {
  if (kind === "cuda") return `${cudaLibraryRemedy()}, or use device cpu`;
  return isPackaged() ? repairRemedy() : `${repairRemedy()} (oneDNN is needed: libdnnl-dev)`;
}

/** What to do about a library that the loader refuses. */
function loadRemedy(path: string, system: SystemCalls): string {
  const mount = mountOf(realpathSync(path), readMounts(system));
  return mount?.noexec === true ? noexecRemedy(mount.point) : repairRemedy();
}

/**
 * Opens the library of `kind`.
 *
 * @param root folder that holds `proc`; another than the machine's for a drawn one.
 * @throws {DeviceUnavailableError} where it is missing, cannot be loaded, is compiled for more than this processor has, or is
 * of another interface version.
 */
export function openLibrary(kind: DeviceKind, root = ""): Library {
  using system = new SystemCalls(root);
  // An instruction that is not there ends the process, and some are executed while the library is loaded.
  const lacks = describeMissing(readProcessor(system));
  if (lacks !== null) throw new DeviceUnavailableError(lacks);
  const path = libraryPath(kind);
  if (!hasLibrary(kind)) {
    throw new DeviceUnavailableError(`the native library ${path} is missing: ${missingRemedy(kind)}`);
  }
  let library: Library;
  try {
    library = Deno.dlopen(path, symbols);
  } catch (error) {
    throw new DeviceUnavailableError(
      `the native library ${path} cannot be loaded (${loaderSentence(error)}): ${loadRemedy(path, system)}`,
      { cause: error },
    );
  }
  const version = library.symbols.sl_abi_version();
  if (version !== ABI_VERSION) {
    library.close();
    throw new DeviceUnavailableError(
      `the native library ${path} has interface version ${version}, not ${ABI_VERSION}: ${repairRemedy()}`,
    );
  }
  return library;
}
