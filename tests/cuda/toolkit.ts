/**
 * Finds NVIDIA's compiler, and downloads NVIDIA's wheels with headers and libraries, for the tests of the CUDA build.
 *
 * @module
 */
import { basename, join } from "@std/path";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { execute } from "../../native/tools/packages.ts";
import { SluiceError } from "../../src/errors.ts";
import { unpackWheels } from "../wheels.ts";

/** pip's requirements by major version of CUDA. */
const wheelsOf: Readonly<Record<number, readonly string[]>> = {
  12: ["nvidia-cudnn-cu12==9.*", "nvidia-cublas-cu12==12.*"],
  13: ["nvidia-cudnn-cu13==9.*", "nvidia-cublas==13.*"],
};

/** The major version of the nvcc on the PATH, or null if there is none. */
async function toolkitVersion(): Promise<number | null> {
  const { success, output } = await execute("nvcc", ["--version"]);
  const release = /release (\d+)\./.exec(output);
  return success && release !== null ? Number(release[1]) : null;
}

/** The parts of NVIDIA's toolkit that the tests of the CUDA build need. */
export interface Toolkit {
  /** Folder of the unpacked wheels, with `nvidia/cudnn` and the like. */
  readonly wheels: string;
  /** Include folders of the wheels. */
  readonly includes: readonly string[];
  /** Path of the first shared library whose file name matches. */
  library(name: RegExp): string;
}

/** The folders of a name, such as `include`, in all wheels. */
function foldersNamed(wheels: string, name: string): string[] {
  const nvidia = join(wheels, "nvidia");
  return [...Deno.readDirSync(nvidia)].map((entry) => join(nvidia, entry.name, name)).filter(existsSync).sort();
}

function findLibrary(wheels: string, name: RegExp): string {
  const folders = foldersNamed(wheels, "lib");
  const files = folders.flatMap((lib) => [...Deno.readDirSync(lib)].map((file) => join(lib, file.name)));
  const found = files.sort().find((file) => name.test(basename(file)));
  if (found === undefined) throw new SluiceError(`no library in ${wheels} matches ${name}`);
  return found;
}

/** Finds the toolkit. @returns one line about the missing part if there is one. */
export async function findToolkit(): Promise<Toolkit | string> {
  const version = await toolkitVersion();
  if (version === null) return "nvcc is not on the PATH";
  const names = wheelsOf[version];
  if (names === undefined) return `nvcc is of CUDA ${version}, neither 12 nor 13`;
  const wheels = fileURLToPath(new URL(`../../native/build-wheels-${version}`, import.meta.url));
  const refusal = await unpackWheels(names, wheels, "1 GB");
  if (refusal !== null) return refusal;
  return { wheels, includes: foldersNamed(wheels, "include"), library: (name) => findLibrary(wheels, name) };
}
