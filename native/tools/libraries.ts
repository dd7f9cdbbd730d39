/**
 * Finds the shared libraries that go with a library to a machine where nothing is installed.
 *
 * @module
 */

import { basename } from "node:path";
import { SluiceError } from "../../src/errors.ts";
import { execute } from "./packages.ts";

/** What every system with glibc and g++'s runtime has, and must have of its own: two of these in a process do not agree. */
const systemLibraries =
  /^(linux-vdso|ld-linux-x86-64|libc|libm|libdl|libpthread|librt|libresolv|libutil|libstdc\+\+|libgcc_s)\.so/;
/** What a GPU server brings: it goes with the driver or is NVIDIA's to give. */
const nvidiaLibraries = /^lib(cuda|cudart|cudnn\w*|cublas\w*|nvrtc|nccl|nvidia-.*)\.so/;

/**
 * The libraries that a shared library needs, directly or through another, less those of the system and of NVIDIA; in the
 * order of their names.
 *
 * @throws {SluiceError} where one of them is missing on this machine.
 */
export async function neededLibraries(library: string): Promise<string[]> {
  const { success, output } = await execute("ldd", [library]);
  if (!success) throw new SluiceError(`the libraries that ${library} needs cannot be listed: ${output.trim()}`);
  const needed = new Map<string, string>();
  for (const [, name = "", path = ""] of output.matchAll(/^\s*(\S+) => (.+?)(?: \(0x[0-9a-f]+\))?$/gm)) {
    if (systemLibraries.test(name) || nvidiaLibraries.test(name)) continue;
    if (!path.startsWith("/")) throw new SluiceError(`${library} needs ${name}, which is not on this machine`);
    needed.set(basename(name), path);
  }
  return [...needed.entries()].sort(([a], [b]) => a < b ? -1 : 1).map(([, path]) => path);
}
