/**
 * Builds the CPU library with a oneDNN of version 3, where Debian 12 has version 2.6.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { build, libraryPlan } from "../../native/tools/build.ts";
import { SluiceError } from "../../src/errors.ts";
import { unpackWheels } from "../wheels.ts";

/** oneDNN 3.2 for GCC's OpenMP. Each wheel has its files in a folder `data`. */
const wheels = ["onednn-cpu-gomp==2023.2.0", "onednn-devel-cpu-gomp==2023.2.0"];
const wheelsFolder = fileURLToPath(new URL("../../native/build-onednn-wheels", import.meta.url));

/** Tests that every operation computes the same as with the oneDNN of the system. */
export const newerOneDnnTests = ["tests/selftest/operations_test.ts", "tests/selftest/fixtures_test.ts"];

/**
 * Builds the library.
 *
 * @returns the folder of the library, or why there is no such oneDNN on this machine.
 * @throws {SluiceError} if the wheels are not as expected, or the library cannot be built with them.
 */
export async function buildWithNewerOneDnn(): Promise<{ folder: string } | { skipped: string }> {
  const refusal = await unpackWheels(wheels, wheelsFolder, "40 MB");
  if (refusal !== null) return { skipped: refusal };
  const parts = [...Deno.readDirSync(wheelsFolder)].map(({ name }) => name).filter((name) => name.endsWith(".data"));
  if (parts.length !== wheels.length) {
    throw new SluiceError(`${wheelsFolder}: ${parts.join()} are not two wheels' data`);
  }
  const prefixes = parts.sort().map((name) => join(wheelsFolder, name, "data"));
  const folder = await build({
    ...libraryPlan,
    folder: "build-onednn-3",
    options: [...libraryPlan.options, `-DCMAKE_PREFIX_PATH=${prefixes.join(";")}`],
    announcement: "building the native library with oneDNN 3 (about a minute, once)",
  });
  // The library looks beside itself first. CMake leaves folders inside the project out of its search path.
  const name = "libdnnl.so.3";
  const target = prefixes.map((prefix) => join(prefix, "lib", name)).find((path) => existsSync(path));
  if (target === undefined) throw new SluiceError(`${wheelsFolder}: no wheel has ${name}`);
  rmSync(join(folder, name), { force: true });
  Deno.symlinkSync(target, join(folder, name));
  return { folder };
}
