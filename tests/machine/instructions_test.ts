/**
 * Tests of reports on processors that lack instructions, on simulated machines.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { openLibrary } from "../../src/device/library.ts";
import { describeMissing, readProcessor, SystemCalls } from "../../src/machine/mod.ts";
import { DeviceUnavailableError } from "../../src/errors.ts";
import { withFolder } from "../folders.ts";
import { onSimulated, writeMachine } from "./drawn_machine.ts";

const haswell = "fpu sse4_2 x2apic movbe popcnt aes xsave avx f16c abm bmi1 avx2 bmi2 fma avx512f";
const ivyBridge = "fpu sse4_2 x2apic popcnt aes xsave avx f16c";

function cpuinfo(flags: string): string {
  return `processor\t: 0\nmodel name\t: Drawn (R) CPU\nflags\t\t: ${flags}\nbogomips\t: 2\n\nprocessor\t: 1\nflags\t\t: fpu`;
}

Deno.test(
  "a processor of x86-64-v3 lacks nothing",
  onSimulated({ "/proc/cpuinfo": cpuinfo(haswell) }, (system) => {
    const processor = readProcessor(system);
    assertEquals(processor, { name: "Drawn (R) CPU", needs: "x86-64-v3", missing: [] });
    assertEquals(describeMissing(processor), null);
  }),
);

Deno.test(
  "an older processor is described in one line: its name, the missing instructions and the remedy",
  onSimulated({ "/proc/cpuinfo": cpuinfo(ivyBridge) }, (system) => {
    const processor = readProcessor(system);
    assertEquals(processor.missing, ["avx2", "bmi1", "bmi2", "fma", "abm", "movbe"]);
    assertMatch(describeMissing(processor) ?? "", /^the processor \(Drawn.*\) lacks avx2, .*x86-64-v3: use [^\n]*$/);
  }),
);

Deno.test("no instruction counts as missing if the kernel reports none", async () => {
  for (const files of [{}, { "/proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd" }]) {
    await onSimulated(files, (system) => assertEquals(describeMissing(readProcessor(system)), null))();
  }
});

Deno.test(
  "a library is not loaded on a processor that lacks instructions",
  withFolder((root) => {
    writeMachine(root, { "/proc/cpuinfo": cpuinfo(ivyBridge) });
    for (const kind of ["cpu", "cuda"] as const) {
      assertThrows(() => openLibrary(kind, root), DeviceUnavailableError, "lacks avx2");
    }
  }),
);

Deno.test("this processor's flags are read", () => {
  using system = new SystemCalls();
  assertEquals(readProcessor(system).missing, []);
  assert(readProcessor(system).name);
});
