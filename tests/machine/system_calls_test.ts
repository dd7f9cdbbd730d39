/**
 * Tests of the calls into the C library.
 *
 * @module
 */
import { assertEquals, assertLess, assertMatch, assertThrows } from "@std/assert";
import { SystemCalls } from "../../src/machine/mod.ts";
import { withFolder } from "../folders.ts";
import { onSimulated } from "./drawn_machine.ts";

Deno.test("files of /proc can be read although Deno denies them", () => {
  assertThrows(() => Deno.readTextFileSync("/proc/self/cgroup"), Deno.errors.NotCapable);
  using system = new SystemCalls();
  assertMatch(system.read("/proc/self/cgroup") ?? "", /^\d+:.*:\//m);
  assertMatch(system.read("/proc/cpuinfo", 100) ?? "", /^processor/);
});

Deno.test(
  "a file of any length is read whole, and a missing file or a folder gives null",
  onSimulated({ "/long": "ä".repeat(100_000), "/folder/file": "", "/empty/nothing": "" }, (system) => {
    assertEquals(system.read("/long"), `${"ä".repeat(100_000)}\n`);
    assertLess((system.read("/long", 10) ?? "").length, 100_000);
    assertEquals(system.read("/nowhere"), null);
    assertEquals(system.read("/folder"), null);
  }),
);

Deno.test(
  "one's own folder may be written, and a missing one may not",
  withFolder((folder) => {
    using system = new SystemCalls();
    assertEquals(system.mayWrite(folder), true);
    assertEquals(system.mayWrite(`${folder}/nowhere`), false);
  }),
);

Deno.test({
  name: "without the FFI permission every answer is null, and Deno does not prompt for it",
  permissions: { read: true },
  fn: () => {
    using system = new SystemCalls();
    assertEquals(system.read("/proc/self/cgroup"), null);
    assertEquals(system.affinity(), null);
    assertEquals(system.mayWrite("/"), null);
  },
});
