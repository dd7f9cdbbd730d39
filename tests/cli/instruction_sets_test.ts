/**
 * Tests of the library as on processors with fewer instruction sets.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertNotMatch } from "@std/assert";
import { runSluice } from "./run_sluice.ts";

for (const limit of ["AVX2", "AVX512_CORE"]) {
  Deno.test(`every operation is right on a processor limited to ${limit}`, async () => {
    const { status, stdout, stderr } = await runSluice(["doctor", "--ops", "--json"], { ONEDNN_MAX_CPU_ISA: limit });
    assertEquals(status, 0, stderr);
    const { device, operations } = JSON.parse(stdout) as { device: { isa: string }; operations: { ok: boolean }[] };
    assertGreater(operations.length, 200);
    assert(operations.every(({ ok }) => ok));
    assertNotMatch(device.isa, /bf16|amx/);
  });
}
