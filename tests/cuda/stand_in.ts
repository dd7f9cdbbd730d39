/**
 * The CUDA library built against its stand-in, as a device that tests can open.
 *
 * @module
 */
import { join } from "@std/path";
import { rmSync } from "node:fs";

import { build, hostcudaPlan } from "../../native/tools/build.ts";
import { execute } from "../../native/tools/packages.ts";
import { libraryPath } from "../../src/device/mod.ts";

/**
 * Builds it, with the CPU's library beside it.
 *
 * @returns the folder of both libraries.
 */
export async function buildStandIn(): Promise<string> {
  const folder = await build(hostcudaPlan);
  const link = join(folder, "libsluice_cpu.so");
  rmSync(link, { force: true });
  Deno.symlinkSync(libraryPath("cpu"), link);
  return folder;
}

/** The environment in which Deno opens the stand-in as its CUDA device. */
export async function standInEnvironment(folder: string): Promise<Record<string, string>> {
  const preloaded = await Promise.all(["libasan.so", "libstdc++.so.6"].map(async (name) => {
    const { output } = await execute("g++", [`-print-file-name=${name}`]);
    return output.trim();
  }));
  return {
    SLUICE_NATIVE: folder,
    SLUICE_TEST_DEVICE: "cuda",
    SLUICE_TEST_STAND_IN: "1",
    LD_LIBRARY_PATH: folder,
    // Deno itself is built without AddressSanitizer, whose hooks must find libstdc++; and it keeps what it allocated to its end.
    LD_PRELOAD: preloaded.join(":"),
    ASAN_OPTIONS: "detect_leaks=0",
  };
}
