/**
 * Tests that the requested output of oneDNN and OpenMP goes to stderr, because stdout is for results only.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { runSluice } from "./run_sluice.ts";

const step = ["bench", "step", "--width", "4", "--projector", "16", "--batch", "4", "--json", "--quiet"];

for (
  const [name, value, printed] of [
    ["ONEDNN_VERBOSE", "1", /^onednn_verbose,/m],
    ["DNNL_VERBOSE", "2", /^(onednn|dnnl)_verbose,/m],
    ["OMP_DISPLAY_ENV", "TRUE", /OPENMP DISPLAY ENVIRONMENT BEGIN/],
  ] as const
) {
  Deno.test(`with ${name}=${value} stdout is one JSON document, and stderr has the library's output`, async () => {
    const { status, stdout, stderr } = await runSluice(step, { [name]: value, ONEDNN_VERBOSE_TIMESTAMP: "1" });
    assertEquals(status, 0, stderr);
    assertGreater((JSON.parse(stdout) as { msPerStep: number }).msPerStep, 0);
    assertMatch(stderr, printed);
  });
}

Deno.test("every operation is right without OpenMP's parallel regions and with its dynamic teams", async () => {
  const doctor = ["doctor", "--ops", "--json", "--threads", "2"];
  for (const env of [{ OMP_MAX_ACTIVE_LEVELS: "0" }, { OMP_DYNAMIC: "true" }]) {
    const { status, stdout, stderr } = await runSluice(doctor, env);
    assertEquals(status, 0, stderr);
    const { operations } = JSON.parse(stdout) as { operations: { ok: boolean }[] };
    assert(operations.length > 100 && operations.every(({ ok }) => ok));
  }
});
