/**
 * Builds the native libraries with CMake if their sources have changed since the last build.
 *
 * @module
 */

import { join, relative } from "@std/path";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { InvalidInputError, SluiceError } from "../../src/errors.ts";
import { execute } from "./packages.ts";
import { setup } from "./setup.ts";

const nativeFolder = fileURLToPath(new URL("..", import.meta.url));
const testsFolder = fileURLToPath(new URL("../../tests/native", import.meta.url));

/** A CMake build. */
export interface BuildPlan {
  /** The folder that contains CMakeLists.txt. */
  readonly project: string;
  /** The build folder, relative to `native/`. */
  readonly folder: string;
  /** Options for CMake's configuration. */
  readonly options: readonly string[];
  /** The line printed before the build. */
  readonly announcement: string;
  /** Source files and folders, which decide whether to build again. */
  readonly sources: readonly string[];
}

const inNative = (...names: string[]) => names.map((name) => join(nativeFolder, name));
const librarySources = inNative("CMakeLists.txt", "exports.map", "include", "common", "images", "cpu");
const hostcudaFolder = join(testsFolder, "hostcuda");

/** The library that sluice loads, without tests. */
export const libraryPlan: BuildPlan = {
  project: nativeFolder,
  folder: "build",
  options: ["-DCMAKE_BUILD_TYPE=Release", "-DSLUICE_TESTS=OFF", "-DSLUICE_SANITIZE=OFF"],
  announcement: "building the native library (about a minute, once)",
  sources: librarySources,
};

/** The native tests, under AddressSanitizer and UndefinedBehaviorSanitizer. */
export const sanitizedTestsPlan: BuildPlan = {
  project: nativeFolder,
  folder: "build-tests",
  options: ["-DCMAKE_BUILD_TYPE=Release", "-DSLUICE_TESTS=ON", "-DSLUICE_SANITIZE=ON"],
  announcement: "building the native tests with sanitizers (about two minutes, once)",
  sources: [...librarySources, testsFolder],
};

/** The CUDA library's sources and the native tests against a stand-in for CUDA, under the same sanitizers. */
export const hostcudaPlan: BuildPlan = {
  project: hostcudaFolder,
  folder: "build-hostcuda",
  options: ["-DCMAKE_BUILD_TYPE=Release", "-DSLUICE_SANITIZE=ON"],
  announcement: "building the CUDA library against its stand-in (about two minutes, once)",
  sources: [...inNative("include", "common", "images", "cuda"), testsFolder],
};

/** The library for NVIDIA GPUs. */
export const cudaPlan: BuildPlan = {
  project: join(nativeFolder, "cuda"),
  folder: "build-cuda",
  options: ["-DCMAKE_BUILD_TYPE=Release"],
  announcement: "building the CUDA library (some minutes, once)",
  sources: inNative("exports.map", "include", "common", "images", "cuda"),
};

/** The launcher of the single-file executable. */
export const launcherPlan: BuildPlan = {
  project: join(nativeFolder, "executable", "launcher"),
  folder: "build-launcher",
  options: ["-DCMAKE_BUILD_TYPE=Release"],
  announcement: "building the executable's launcher",
  sources: inNative("executable/launcher"),
};

/** All files under a path, in a fixed order. */
export function filesUnder(path: string): string[] {
  if (!Deno.statSync(path).isDirectory) return [path];
  const names = [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
  return names.flatMap((name) => filesUnder(join(path, name)));
}

/** A hash of the plan and of the names and contents of its sources. */
function fingerprint(plan: BuildPlan): string {
  const hash = createHash("sha256").update(plan.options.join(" "));
  for (const file of plan.sources.flatMap(filesUnder)) {
    hash.update(relative(nativeFolder, file)).update("\0").update(Deno.readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

function readTextOrEmpty(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** Runs a program quietly. If it fails, prints the end of its output. */
async function executeOrFail(program: string, args: readonly string[]): Promise<void> {
  const { success, output } = await execute(program, args);
  if (success) return;
  console.error(output.trimEnd().split("\n").slice(-60).join("\n"));
  throw new SluiceError(`the native library could not be built: ${program} ${args.join(" ")} failed`);
}

/**
 * Brings a build up to date with set-up, configuration and compilation. Does nothing if the stamp of the last build
 * equals the fingerprint of the sources.
 *
 * @returns The build folder.
 * @throws {InvalidInputError} if the machine lacks a package and it cannot be installed.
 * @throws {SluiceError} if CMake or the compiler fails; the end of the output is on stderr.
 */
export async function build(plan: BuildPlan): Promise<string> {
  const folder = join(nativeFolder, plan.folder);
  const stamp = join(folder, "sources.sha256");
  const current = fingerprint(plan);
  if (readTextOrEmpty(stamp) === current) return folder;
  await setup();
  console.error(plan.announcement);
  // CMake refuses a build folder that was configured under another path, for example before a checkout was moved.
  const cache = readTextOrEmpty(join(folder, "CMakeCache.txt"));
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(cache)?.[1];
  const isHome = home !== undefined && join(home, "/") === join(plan.project, "/");
  if (home !== undefined && !isHome) Deno.removeSync(folder, { recursive: true });
  const configured = isHome && /^CMAKE_GENERATOR:/m.test(cache);
  const generator = !configured && (await execute("ninja", ["--version"])).success ? ["-G", "Ninja"] : [];
  await executeOrFail("cmake", ["-S", plan.project, "-B", folder, ...generator, ...plan.options]);
  await executeOrFail("cmake", ["--build", folder, "--parallel", String(navigator.hardwareConcurrency)]);
  Deno.writeTextFileSync(stamp, current);
  return folder;
}

/** The SHA-256 of a file in hexadecimal digits. */
export function digestOf(file: string): string {
  return createHash("sha256").update(Deno.readFileSync(file)).digest("hex");
}

const cudaLibrary = join(nativeFolder, libraryPlan.folder, "libsluice_cuda.so");

/**
 * Builds the CUDA library and puts it beside the CPU library. If that fails, removes the old one, which may not
 * match the sources.
 */
async function buildCuda(): Promise<void> {
  try {
    const folder = await build(cudaPlan);
    const built = join(folder, "libsluice_cuda.so");
    if (existsSync(cudaLibrary) && digestOf(cudaLibrary) === digestOf(built)) return;
    // Rename into place: a run may have the old library open.
    Deno.copyFileSync(built, `${cudaLibrary}.new`);
    Deno.renameSync(`${cudaLibrary}.new`, cudaLibrary);
  } catch (error) {
    if (existsSync(cudaLibrary)) Deno.removeSync(cudaLibrary);
    throw error;
  }
}

/**
 * Brings the native libraries up to date: the CPU library, and the CUDA library if `withCuda` is set or it was built
 * before.
 *
 * @returns The paths of the libraries.
 * @throws the errors of {@linkcode build}.
 */
export async function buildLibraries(withCuda = existsSync(cudaLibrary)): Promise<string[]> {
  const library = join(await build(libraryPlan), "libsluice_cpu.so");
  if (!withCuda) return [library];
  await buildCuda();
  return [library, cudaLibrary];
}

/**
 * Runs a build task. A {@linkcode SluiceError} is printed as one line; the exit status is 2 if the user can mend the
 * cause, else 1.
 */
export async function runTask(task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    console.error(`sluice: ${error.message}`);
    process.exitCode = error instanceof InvalidInputError ? 2 : 1;
  }
}

if (import.meta.main) {
  await runTask(async () => {
    // Once built, the CUDA library is kept up to date.
    await buildLibraries(Deno.args.includes("cuda") || existsSync(cudaLibrary));
  });
}
