/**
 * What of NVIDIA's this machine has or can get: the compiler, and the wheels with headers and libraries.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { execute } from "../../native/setup.ts";

const folder = fileURLToPath(new URL("../../native/build-wheels", import.meta.url));

/** The major version of the CUDA toolkit whose nvcc is on the path, or null without one. */
async function toolkitVersion(): Promise<number | null> {
  const { success, output } = await execute("nvcc", ["--version"]);
  const release = /release (\d+)\./.exec(output);
  return success && release !== null ? Number(release[1]) : null;
}

/** Unpacks the wheels of cuDNN and cuBLAS, got through pip; says why where that cannot be done. */
async function unpackWheels(version: number): Promise<string | null> {
  const names = [`nvidia-cudnn-cu${version}`, version === 12 ? "nvidia-cublas-cu12" : "nvidia-cublas"];
  const download = join(folder, "download");
  const got = await execute("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", download, ...names]);
  if (!got.success) return `pip could not get ${names.join(" and ")}`;
  for (const { name } of Deno.readDirSync(download)) {
    const { success, output } = await execute("python3", ["-m", "zipfile", "-e", join(download, name), folder]);
    if (!success) return `${name} could not be unpacked: ${output.trim()}`;
  }
  Deno.removeSync(download, { recursive: true });
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

function foldersNamed(name: string): string[] {
  const nvidia = join(folder, "nvidia");
  return [...Deno.readDirSync(nvidia)].map((entry) => join(nvidia, entry.name, name)).filter(existsSync).sort();
}

/** The toolkit, or one line that says what is missing. */
export async function findToolkit(): Promise<Toolkit | string> {
  const version = await toolkitVersion();
  if (version === null) return "nvcc is not on the path";
  if (!existsSync(join(folder, "nvidia", "cudnn"))) {
    const refusal = await unpackWheels(version);
    if (refusal !== null) return refusal;
  }
  return {
    wheels: folder,
    includes: foldersNamed("include"),
    library: (name) => {
      const files = foldersNamed("lib").flatMap((lib) =>
        [...Deno.readDirSync(lib)].map((file) => join(lib, file.name))
      );
      return files.sort().find((file) => name.test(basename(file))) ?? name.source;
    },
  };
}
