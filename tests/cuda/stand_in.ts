/**
 * Builds the CUDA library against the stand-in for CUDA, so that tests can open it as a device.
 *
 * @module
 */
import { join } from "@std/path";
import { rmSync } from "node:fs";

import { build, hostcudaPlan } from "../../native/tools/build.ts";
import { execute } from "../../native/tools/packages.ts";
import { libraryPath } from "../../src/device/mod.ts";

/**
 * Builds the library, and links the CPU library beside it.
 *
 * @returns path of the folder with both libraries.
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
    // Deno is built without AddressSanitizer, so it must be preloaded, with libstdc++ for its hooks. Deno does not free
    // all of its memory at exit.
    LD_PRELOAD: preloaded.join(":"),
    ASAN_OPTIONS: "detect_leaks=0",
  };
}
