/**
 * Tests of what the C library is asked for.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SystemCalls } from "../../src/machine/mod.ts";
import { withFolder } from "../folders.ts";
import { onDrawn } from "./drawn_machine.ts";

Deno.test("files of /proc are read, which Deno keeps to itself", () => {
  assert.throws(() => Deno.readTextFileSync("/proc/self/cgroup"), Deno.errors.NotCapable);
  using system = new SystemCalls();
  assert.match(system.read("/proc/self/cgroup") ?? "", /^\d+:.*:\//m);
  assert.match(system.read("/proc/cpuinfo", 100) ?? "", /^processor/);
});

Deno.test(
  "a file of any length is read whole, and none where it is not there or a folder",
  onDrawn({ "/long": "ä".repeat(100_000), "/folder/file": "", "/empty/nothing": "" }, (system) => {
    assert.equal(system.read("/long"), `${"ä".repeat(100_000)}\n`);
    assert.ok((system.read("/long", 10) ?? "").length < 100_000);
    assert.equal(system.read("/nowhere"), null);
    assert.equal(system.read("/folder"), null);
  }),
);

Deno.test(
  "a folder of one's own may be written, what is not there not",
  withFolder((folder) => {
    using system = new SystemCalls();
    assert.equal(system.mayWrite(folder), true);
    assert.equal(system.mayWrite(`${folder}/nowhere`), false);
  }),
);

Deno.test({
  name: "without the permission for foreign functions nothing is known, and nobody is asked",
  permissions: { read: true },
  fn: () => {
    using system = new SystemCalls();
    assert.equal(system.read("/proc/self/cgroup"), null);
    assert.equal(system.affinity(), null);
    assert.equal(system.mayWrite("/"), null);
  },
});
