/**
 * What of NVIDIA's this machine has or can get: the compiler, and the wheels with headers and libraries.
 *
 * @module
 */
import { basename, join } from "@std/path";
import { existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { execute } from "../../native/tools/packages.ts";
import { SluiceError } from "../../src/errors.ts";

/** The wheels of a major version of CUDA. */
const wheelsOf: Readonly<Record<number, readonly string[]>> = {
  12: ["nvidia-cudnn-cu12==9.*", "nvidia-cublas-cu12==12.*"],
  13: ["nvidia-cudnn-cu13==9.*", "nvidia-cublas==13.*"],
};

/** The major version of the CUDA toolkit whose nvcc is on the path, or null without one. */
async function toolkitVersion(): Promise<number | null> {
  const { success, output } = await execute("nvcc", ["--version"]);
  const release = /release (\d+)\./.exec(output);
  return success && release !== null ? Number(release[1]) : null;
}

/** Gets the wheels through pip and unpacks them into the folder, once; says why where that cannot be done. */
async function unpackWheels(names: readonly string[], folder: string): Promise<string | null> {
  if (existsSync(folder)) return null;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const download = join(partial, "download");
  console.error(`getting ${names.join(" and ")} through pip: about 1 GB, once`);
  const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", download];
  if (!(await execute("python3", [...pip, ...names])).success) return `pip could not get ${names.join(" and ")}`;
  for (const { name } of Deno.readDirSync(download)) {
    const { success, output } = await execute("python3", ["-m", "zipfile", "-e", join(download, name), partial]);
    if (!success) return `${name} could not be unpacked: ${output.trim()}`;
  }
  rmSync(download, { recursive: true });
  Deno.renameSync(partial, folder);
  return null;
}

/** What the tests of the CUDA build need. */
export interface Toolkit {
  /** Folder with `nvidia/cudnn` and the like. */
  readonly wheels: string;
  /** Include folders of the wheels. */
  readonly includes: readonly string[];
  /** The first shared library whose name matches. */
  library(name: RegExp): string;
}

/** The folders of this name in each of the wheels. */
function foldersNamed(wheels: string, name: string): string[] {
  const nvidia = join(wheels, "nvidia");
  return [...Deno.readDirSync(nvidia)].map((entry) => join(nvidia, entry.name, name)).filter(existsSync).sort();
}

function findLibrary(wheels: string, name: RegExp): string {
  const folders = foldersNamed(wheels, "lib");
  const files = folders.flatMap((lib) => [...Deno.readDirSync(lib)].map((file) => join(lib, file.name)));
  const found = files.sort().find((file) => name.test(basename(file)));
  if (found === undefined) throw new SluiceError(`no library in ${wheels} is called ${name}`);
  return found;
}

/** The toolkit, or one line that says what is missing. */
export async function findToolkit(): Promise<Toolkit | string> {
  const version = await toolkitVersion();
  if (version === null) return "nvcc is not on the path";
  const names = wheelsOf[version];
  if (names === undefined) return `nvcc is of CUDA ${version}, neither 12 nor 13`;
  const wheels = fileURLToPath(new URL(`../../native/build-wheels-${version}`, import.meta.url));
  const refusal = await unpackWheels(names, wheels);
  if (refusal !== null) return refusal;
  return { wheels, includes: foldersNamed(wheels, "include"), library: (name) => findLibrary(wheels, name) };
}
