/**
 * Tests of the library as on processors with fewer instruction sets.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertNotMatch } from "@std/assert";
import { runSluice } from "./run_sluice.ts";

/** Instruction sets to do without, and plain code in place of those that a processor may lack. */
const processors = {
  "limited to AVX2": { ONEDNN_MAX_CPU_ISA: "AVX2" },
  "limited to AVX512_CORE": { ONEDNN_MAX_CPU_ISA: "AVX512_CORE" },
  "limited to AVX512_CORE, with plain tiles in place of AMX": {
    ONEDNN_MAX_CPU_ISA: "AVX512_CORE",
    SLUICE_PLAIN_TILES: "1",
  },
};

for (const [processor, environment] of Object.entries(processors)) {
  Deno.test(`every operation is right on a processor ${processor}`, async () => {
    const { status, stdout, stderr } = await runSluice(["doctor", "--ops", "--json"], environment);
    assertEquals(status, 0, stderr);
    const { device, operations } = JSON.parse(stdout) as { device: { isa: string }; operations: { ok: boolean }[] };
    assertGreater(operations.length, 200);
    assert(operations.every(({ ok }) => ok));
    assertNotMatch(device.isa, /bf16|amx/);
  });
}
