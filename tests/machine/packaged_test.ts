/**
 * Tests of remedies, which are others in the packaged executable than in a checkout.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openLibrary } from "../../src/device/library.ts";
import { noexecRemedy, repairRemedy } from "../../src/machine/mod.ts";
import { withVariable } from "../environment.ts";

/** In the executable, or in a checkout, with its libraries looked for in a folder that is not there. */
function whereSluiceIs(
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

Deno.test("a checkout is built", () => {
  whereSluiceIs(undefined, undefined, "/nowhere", () => {
    assert.equal(repairRemedy(), "run `deno task build`");
    assert.match(noexecRemedy("/tmp"), /^\/tmp is mounted noexec, put it on another file system/);
    assert.throws(() => openLibrary("cpu"), /missing: run `deno task build` \(oneDNN/);
    assert.throws(() => openLibrary("cuda"), /missing: run `deno task build:cuda` where nvcc/);
  });
});

Deno.test("an executable unpacks its files anew, and never speaks of building itself", () => {
  const cache = "/home/me/.cache/sluice/1.2.3";
  whereSluiceIs("/opt/sluice", cache, `${cache}/native`, () => {
    const remedy = `delete ${cache}: it is made again at the next start`;
    assert.equal(repairRemedy(), remedy);
    assert.match(noexecRemedy("/tmp"), /^\/tmp is mounted noexec, set SLUICE_CACHE to a folder elsewhere/);
    assert.throws(() => openLibrary("cpu"), new RegExp(`missing: ${remedy}$`));
    assert.throws(
      () => openLibrary("cuda"),
      /missing: build sluice from its sources where nvcc .*, or use device cpu$/,
    );
  });
  whereSluiceIs(
    "/opt/sluice",
    cache,
    "/nowhere",
    () => assert.match(repairRemedy(), /^unset SLUICE_NATIVE, .*\/nowhere$/),
  );
  whereSluiceIs("/opt/sluice", undefined, "", () => assert.doesNotMatch(repairRemedy(), /deno task|null|undefined/));
});
