/**
 * Tests of the remedies that differ between the packaged executable and a checkout.
 *
 * @module
 */
import {
  assertEquals,
  assertIsError,
  assertMatch,
  assertNotMatch,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { openLibrary } from "../../src/device/library.ts";
import { noexecRemedy, repairRemedy } from "../../src/machine/mod.ts";
import { withVariable } from "../environment.ts";

/**
 * Runs `body` with the variables of an executable or of a checkout. `libraries` is the folder of the native
 * libraries.
 */
function withInstallation(
  executable: string | undefined,
  cache: string | undefined,
  libraries: string,
  body: () => void,
): void {
  withVariable(
    "SLUICE_EXECUTABLE",
    executable,
    () => withVariable("SLUICE_CACHE_FOLDER", cache, () => withVariable("SLUICE_NATIVE", libraries, body)),
  );
}

Deno.test("in a checkout the remedies are tasks to run", () => {
  withInstallation(undefined, undefined, "/nowhere", () => {
    assertEquals(repairRemedy(), "run `deno task build`");
    assertMatch(noexecRemedy("/tmp"), /^\/tmp is mounted noexec: put it on another file system/);
    assertThrows(() => openLibrary("cpu"), Error, "missing: run `deno task build` (oneDNN");
    assertThrows(() => openLibrary("cuda"), Error, "missing: run `deno task build:cuda` on a machine that has nvcc");
  });
});

Deno.test("an executable's remedy is to unpack its files again, and never a task of a checkout", () => {
  const cache = "/home/me/.cache/sluice/1.2.3";
  withInstallation("/opt/sluice", cache, `${cache}/native`, () => {
    const remedy = `delete ${cache}: the next start makes it again`;
    assertStrictEquals(repairRemedy(), remedy);
    assertMatch(noexecRemedy("/tmp"), /^\/tmp is mounted noexec: set SLUICE_CACHE to a folder elsewhere/);
    assertIsError(assertThrows(() => openLibrary("cpu")), Error, new RegExp(`missing: ${remedy}$`));
    assertIsError(
      assertThrows(() => openLibrary("cuda")),
      Error,
      /missing: build sluice from its sources on a machine that has nvcc .*, or use device cpu$/,
    );
  });
  withInstallation(
    "/opt/sluice",
    cache,
    "/nowhere",
    () => assertMatch(repairRemedy(), /^unset SLUICE_NATIVE, .*\/nowhere$/),
  );
  withInstallation("/opt/sluice", undefined, "", () => assertNotMatch(repairRemedy(), /deno task|null|undefined/));
});
