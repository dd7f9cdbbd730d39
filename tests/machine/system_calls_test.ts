/**
 * Tests of the calls into the C library.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SystemCalls } from "../../src/machine/mod.ts";
import { withFolder } from "../folders.ts";
import { onSimulated } from "./drawn_machine.ts";

Deno.test("files of /proc can be read although Deno denies them", () => {
  assert.throws(() => Deno.readTextFileSync("/proc/self/cgroup"), Deno.errors.NotCapable);
  using system = new SystemCalls();
  assert.match(system.read("/proc/self/cgroup") ?? "", /^\d+:.*:\//m);
  assert.match(system.read("/proc/cpuinfo", 100) ?? "", /^processor/);
});

Deno.test(
  "a file of any length is read whole, and a missing file or a folder gives null",
  onSimulated({ "/long": "ä".repeat(100_000), "/folder/file": "", "/empty/nothing": "" }, (system) => {
    assert.equal(system.read("/long"), `${"ä".repeat(100_000)}\n`);
    assert.ok((system.read("/long", 10) ?? "").length < 100_000);
    assert.equal(system.read("/nowhere"), null);
    assert.equal(system.read("/folder"), null);
  }),
);

Deno.test(
  "one's own folder may be written, and a missing one may not",
  withFolder((folder) => {
    using system = new SystemCalls();
    assert.equal(system.mayWrite(folder), true);
    assert.equal(system.mayWrite(`${folder}/nowhere`), false);
  }),
);

Deno.test({
  name: "without the FFI permission every answer is null, and Deno does not prompt for it",
  permissions: { read: true },
  fn: () => {
    using system = new SystemCalls();
    assert.equal(system.read("/proc/self/cgroup"), null);
    assert.equal(system.affinity(), null);
    assert.equal(system.mayWrite("/"), null);
  },
});
