/**
 * Finds the shared libraries that a library needs on a bare machine.
 *
 * @module
 */

import { basename } from "@std/path";
import { SluiceError } from "../../src/errors.ts";
import { execute } from "./packages.ts";

/** Libraries of glibc and the C++ runtime. They must come from the system, since a process cannot mix two versions. */
const systemLibraries =
  /^(linux-vdso|ld-linux-x86-64|libc|libm|libdl|libpthread|librt|libresolv|libutil|libstdc\+\+|libgcc_s)\.so/;
/** Libraries of a GPU server: they belong to the driver, or only NVIDIA may distribute them. */
const nvidiaLibraries = /^lib(cuda|cudart|cudnn\w*|cublas\w*|nvrtc|nccl|nvidia-.*)\.so/;

/**
 * Lists the libraries that a shared library needs, directly or through another library, without those of the system
 * and of NVIDIA, sorted by name.
 *
 * @throws {SluiceError} if a library is missing on this machine.
 */
export async function neededLibraries(library: string): Promise<string[]> {
  const { success, output } = await execute("ldd", [library]);
  if (!success) throw new SluiceError(`the libraries that ${library} needs cannot be listed: ${output.trim()}`);
  const needed = new Map<string, string>();
  for (const [, name = "", path = ""] of output.matchAll(/^\s*(\S+) => (.+?)(?: \(0x[0-9a-f]+\))?$/gm)) {
    if (systemLibraries.test(name) || nvidiaLibraries.test(name)) continue;
    if (!path.startsWith("/")) {
      throw new SluiceError(`${library} needs ${name}, which is missing on this machine: install it`);
    }
    needed.set(basename(name), path);
  }
  return [...needed.entries()].sort(([a], [b]) => a < b ? -1 : 1).map(([, path]) => path);
}
