/**
 * Compiles libraries that stand for NVIDIA's in tests of how these are found.
 *
 * @module
 */
import { assert } from "@std/assert";
import { basename, dirname } from "@std/path";
import { fileURLToPath } from "node:url";

import { execute } from "../../native/tools/packages.ts";

const source = fileURLToPath(new URL("fake_library.c", import.meta.url));

/** What a library stands for. */
export type FakeKind = "CUDNN" | "CUDNN_GRAPH" | "NVRTC" | "NCCL" | "DRIVER";

/** What a library says about itself. */
export interface FakeVersions {
  /** Its own version, as the library counts it. */
  readonly release?: number;
  /** The CUDA release that it is for, such as 13000. */
  readonly cuda?: number;
  /** The GPUs of a driver; negative to refuse. */
  readonly gpus?: number;
}

/** Compiles a library. @param path its file name is its soname. */
export async function placeLibrary(kind: FakeKind, path: string, versions: FakeVersions = {}): Promise<void> {
  const { release = 0, cuda = 13000, gpus = 0 } = versions;
  Deno.mkdirSync(dirname(path), { recursive: true });
  const macros = [`-D${kind}`, `-DRELEASE=${release}`, `-DCUDA=${cuda}`, `-DGPUS=${gpus}`];
  const args = ["-shared", "-fPIC", `-Wl,-soname,${basename(path)}`, ...macros, "-o", path, source];
  // The compiler is slow under AddressSanitizer, which tests on the stand-in for CUDA preload.
  const { success, output } = await execute("cc", args, { LD_PRELOAD: "" });
  assert(success, output);
}
