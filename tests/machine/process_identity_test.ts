/**
 * Tests of telling a process from others that have the same number.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import process from "node:process";
import { isRunningHere, ownIdentity } from "../../src/machine/mod.ts";
import { withFolder } from "../folders.ts";
import { type MachineFiles, writeMachine } from "./drawn_machine.ts";

/** A line of /proc/PID/stat; the start time is its 22nd field. */
function stat(name: string, state: string, start: string): string {
  return `7 (${name}) ${state} ${Array.from({ length: 18 }, (_, field) => field).join(" ")} ${start} 8 9 10`;
}

function withMachine(files: MachineFiles, test: (root: string) => void): () => Promise<void> {
  return withFolder((root) => {
    writeMachine(root, { "/proc/sys/kernel/hostname": "node7", ...files });
    test(root);
  });
}

Deno.test("this process runs here, and one with another start time or host does not", () => {
  const own = ownIdentity();
  assert(own !== null);
  assertStrictEquals(own.pid, process.pid);
  assertMatch(own.start, /^\d+$/);
  assertEquals(isRunningHere(own), true);
  assertEquals(isRunningHere({ ...own, start: `${Number(own.start) - 1}` }), false);
  assertEquals(isRunningHere({ ...own, host: `${own.host}x` }), false);
});

Deno.test("a process that has ended is not running", async () => {
  const child = new Deno.Command("true").spawn();
  await child.status;
  const own = ownIdentity();
  assert(own !== null);
  assertEquals(isRunningHere({ ...own, pid: child.pid }), false);
});

for (const name of ["deno", "a b", "a) S 1 (b", ")"]) {
  Deno.test(
    `the start time of a program named ${JSON.stringify(name)} is read after the name`,
    withMachine({ "/proc/7/stat": stat(name, "S", "4711") }, (root) => {
      assertEquals(isRunningHere({ pid: 7, host: "node7", start: "4711" }, root), true);
      assertEquals(isRunningHere({ pid: 7, host: "node7", start: "4712" }, root), false);
      assertEquals(isRunningHere({ pid: 8, host: "node7", start: "4711" }, root), false);
    }),
  );
}

Deno.test(
  "a zombie, whose parent has not asked for its status, is not running",
  withMachine({ "/proc/7/stat": stat("deno", "Z", "4711") }, (root) => {
    assertEquals(isRunningHere({ pid: 7, host: "node7", start: "4711" }, root), false);
  }),
);

Deno.test(
  "a process has no identity if the kernel reports no start time",
  withMachine({ "/proc/self/stat": "7 (deno)" }, (root) => assertEquals(ownIdentity(root), null)),
);
