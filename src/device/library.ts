/**
 * Finds and opens a native library of sluice.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { DeviceUnavailableError } from "../errors.ts";
import { symbols } from "./abi.ts";
import { constants } from "./abi_constants.ts";
import { describeMissing, readProcessor } from "../machine/instructions.ts";
import { mountOf, readMounts } from "../machine/mounts.ts";
import { cudaLibraryRemedy, isPackaged, noexecRemedy, repairRemedy } from "../machine/packaged.ts";
import { loaderSentence, SystemCalls } from "../machine/system_calls.ts";

/** The two builds of the native library: for the CPU, and for NVIDIA GPUs. */
export type DeviceKind = "cpu" | "cuda";

/** An opened native library. */
export type Library = Deno.DynamicLibrary<typeof symbols>;

/**
 * The file of the library of `kind`: `libsluice_<kind>.so` in the folder that the environment variable SLUICE_NATIVE
 * names, else in `native/build` of the checkout.
 *
 * @throws {DeviceUnavailableError} if this code was fetched from a server and SLUICE_NATIVE is not set.
 */
export function libraryPath(kind: DeviceKind): string {
  const name = `libsluice_${kind}.so`;
  const named = Deno.env.get("SLUICE_NATIVE");
  if (named) return join(named, name);
  const built = new URL("../../native/build", import.meta.url);
  if (built.protocol === "file:") return join(fileURLToPath(built), name);
  throw new DeviceUnavailableError(
    `${name} does not come with the code from ${built.host}: run \`deno task build\` in a checkout of sluice, and set SLUICE_NATIVE to its native/build`,
  );
}

/** Whether the file of the library of `kind` exists. */
export function hasLibrary(kind: DeviceKind): boolean {
  return existsSync(libraryPath(kind));
}

function missingRemedy(kind: DeviceKind): string {
  if (kind === "cuda") return `${cudaLibraryRemedy()}, or use device cpu`;
  return isPackaged() ? repairRemedy() : `${repairRemedy()} (oneDNN is needed: libdnnl-dev)`;
}

/** The remedy if the loader refuses a library that exists. */
function loadRemedy(path: string, system: SystemCalls): string {
  const mount = mountOf(realpathSync(path), readMounts(system));
  return mount?.noexec === true ? noexecRemedy(mount.point) : repairRemedy();
}

/**
 * How often a waiting thread looks again before it sleeps: for some tens of microseconds, longer than most waits within
 * an operation. By default OpenMP's threads spin for milliseconds, and keep processors from the threads that they wait
 * for if other programs run.
 */
const SPIN_COUNT = 2000;

/** Variables with which users set how OpenMP's threads wait. */
const waitVariables = ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"] as const;

/**
 * Loads a library whose waiting threads sleep soon, unless the user has set how they wait. OpenMP reads the variable
 * when it is loaded; afterwards it is taken back, because it is not meant for the programs that this one starts.
 */
function loadWithShortSpinning(path: string): Library {
  const isPermitted = waitVariables.every((variable) => {
    return Deno.permissions.querySync({ name: "env", variable }).state === "granted";
  });
  if (!isPermitted || waitVariables.some((name) => Deno.env.get(name) !== undefined)) {
    return Deno.dlopen(path, symbols);
  }
  Deno.env.set("GOMP_SPINCOUNT", String(SPIN_COUNT));
  try {
    return Deno.dlopen(path, symbols);
  } finally {
    Deno.env.delete("GOMP_SPINCOUNT");
  }
}

/**
 * Opens the library of `kind`.
 *
 * @param root the folder that holds `proc`; tests give one of their own.
 * @throws {DeviceUnavailableError} if it is missing, cannot be loaded, needs instructions that this processor lacks, or
 * has another version of the interface.
 */
export function openLibrary(kind: DeviceKind, root = ""): Library {
  using system = new SystemCalls(root);
  // Loading executes instructions that end the process if the processor does not have them.
  const lacks = describeMissing(readProcessor(system));
  if (lacks !== null) throw new DeviceUnavailableError(lacks);
  const path = libraryPath(kind);
  if (!hasLibrary(kind)) {
    throw new DeviceUnavailableError(`the native library ${path} is missing: ${missingRemedy(kind)}`);
  }
  let library: Library;
  try {
    library = loadWithShortSpinning(path);
  } catch (error) {
    throw new DeviceUnavailableError(
      `the native library ${path} cannot be loaded (${loaderSentence(error)}): ${loadRemedy(path, system)}`,
      { cause: error },
    );
  }
  const version = library.symbols.sl_abi_version();
  if (version !== constants.SL_ABI_VERSION) {
    library.close();
    throw new DeviceUnavailableError(
      `the native library ${path} has interface version ${version}, not ${constants.SL_ABI_VERSION}: ${repairRemedy()}`,
    );
  }
  return library;
}
