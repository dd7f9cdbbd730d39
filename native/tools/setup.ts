/**
 * Installs the system packages that the native build needs, or prints the command to install them.
 *
 * @module
 */

import process from "node:process";
import { InvalidInputError } from "../../src/errors.ts";
import { aptCommand, choosePackage, execute, installWith, type Requirement } from "./packages.ts";

const compiler: Requirement = { name: "g++", packages: ["g++"] };
const cmake: Requirement = { name: "CMake 3.18 or newer", packages: ["cmake"] };
const generator: Requirement = { name: "make or ninja", packages: ["ninja-build"] };
const oneDnn: Requirement = { name: "oneDNN", packages: ["libdnnl-dev", "libonednn-dev"] };
const jpeg: Requirement = {
  name: "libjpeg-turbo",
  packages: ["libjpeg62-turbo-dev", "libjpeg-turbo8-dev", "libjpeg-dev"],
};
const png: Requirement = { name: "libpng", packages: ["libpng-dev"] };
const zlib: Requirement = { name: "zlib", packages: ["zlib1g-dev"] };
const zstd: Requirement = { name: "zstd", packages: ["libzstd-dev"] };
const sodium: Requirement = { name: "libsodium", packages: ["libsodium-dev"] };
const doctest: Requirement = { name: "doctest", packages: ["doctest-dev"] };

/** Headers that the compiler must find, with the requirement that provides each. */
const headers: readonly (readonly [string, Requirement])[] = [
  ["oneapi/dnnl/dnnl_version.h", oneDnn],
  ["jpeglib.h", jpeg],
  ["png.h", png],
  ["zlib.h", zlib],
  ["zstd.h", zstd],
  ["sodium.h", sodium],
  ["doctest/doctest.h", doctest],
];

/** Whether CMake 3.18 or newer is installed. */
async function hasCmake(): Promise<boolean> {
  const { success, output } = await execute("cmake", ["--version"]);
  const version = /cmake version (\d+)\.(\d+)/.exec(output);
  if (!success || version === null) return false;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  return major > 3 || (major === 3 && minor >= 18);
}

/** The requirements whose headers the compiler does not find. */
async function missingHeaders(): Promise<Requirement[]> {
  const missing: Requirement[] = [];
  for (const [header, requirement] of headers) {
    const preprocessed = await execute("g++", ["-E", "-x", "c++", "-include", header, "-o", "/dev/null", "/dev/null"]);
    if (!preprocessed.success) missing.push(requirement);
  }
  return missing;
}

/** The requirements for building and testing the native library that are missing on this machine. */
async function missingRequirements(): Promise<Requirement[]> {
  const missing: Requirement[] = [];
  if ((await execute("g++", ["--version"])).success) missing.push(...await missingHeaders());
  else missing.push(compiler, ...headers.map(([, requirement]) => requirement));
  if (!await hasCmake()) missing.push(cmake);
  const generators = [await execute("ninja", ["--version"]), await execute("make", ["--version"])];
  if (!generators.some((finished) => finished.success)) missing.push(generator);
  return missing;
}

async function refuse(missing: readonly Requirement[]): Promise<never> {
  const names = missing.map((requirement) => requirement.name).join(", ");
  const packages = await Promise.all(missing.map(choosePackage));
  throw new InvalidInputError(
    `missing on this machine: ${names}; run: sudo apt-get update && sudo apt-get install -y ${packages.join(" ")}`,
  );
}

/**
 * Makes sure that the compiler, CMake, a generator and all headers are installed. Installs missing packages with
 * apt-get, as root or with a sudo that needs no password, and announces it on stderr. If nothing is missing, does
 * nothing and prints nothing.
 *
 * @throws {InvalidInputError} if a package is missing and cannot be installed. The message contains the command to run.
 */
export async function setup(): Promise<void> {
  const missing = await missingRequirements();
  if (missing.length === 0) return;
  const apt = await aptCommand();
  if (apt === null) return await refuse(missing);
  const installed = await installWith(apt, missing);
  const still = await missingRequirements();
  if (still.length === 0) return;
  if (!installed.success) console.error(installed.output.trimEnd().split("\n").slice(-5).join("\n"));
  return await refuse(still);
}

if (import.meta.main) {
  try {
    await setup();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    console.error(`sluice: ${error.message}`);
    process.exitCode = 2;
  }
}
