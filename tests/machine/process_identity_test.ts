/**
 * Tests of which process is meant.
 *
 * @module
 */
import assert from "node:assert/strict";
import process from "node:process";
import { isRunningHere, ownIdentity } from "../../src/machine/mod.ts";
import { withFolder } from "../folders.ts";
import { draw, type Drawing } from "./drawn_machine.ts";

/** A line of /proc/PID/stat; the start is its 22nd field. */
function stat(name: string, state: string, start: string): string {
  return `7 (${name}) ${state} ${Array.from({ length: 18 }, (_, field) => field).join(" ")} ${start} 8 9 10`;
}

function withMachine(drawing: Drawing, test: (root: string) => void): () => Promise<void> {
  return withFolder((root) => {
    draw(root, { "/proc/sys/kernel/hostname": "node7", ...drawing });
    test(root);
  });
}

Deno.test("this process is running here, one of another start or machine is not", () => {
  const own = ownIdentity();
  assert.ok(own !== null);
  assert.equal(own.pid, process.pid);
  assert.match(own.start, /^\d+$/);
  assert.equal(isRunningHere(own), true);
  assert.equal(isRunningHere({ ...own, start: `${Number(own.start) - 1}` }), false);
  assert.equal(isRunningHere({ ...own, host: `${own.host}x` }), false);
});

Deno.test("a process that has ended is not running, though its number is known", async () => {
  const child = new Deno.Command("true").spawn();
  await child.status;
  const own = ownIdentity();
  assert.ok(own !== null);
  assert.equal(isRunningHere({ ...own, pid: child.pid }), false);
});

for (const name of ["deno", "a b", "a) S 1 (b", ")"]) {
  Deno.test(
    `the start of a program that is named ${JSON.stringify(name)} is read behind the name`,
    withMachine({ "/proc/7/stat": stat(name, "S", "4711") }, (root) => {
      assert.equal(isRunningHere({ pid: 7, host: "node7", start: "4711" }, root), true);
      assert.equal(isRunningHere({ pid: 7, host: "node7", start: "4712" }, root), false);
      assert.equal(isRunningHere({ pid: 8, host: "node7", start: "4711" }, root), false);
    }),
  );
}

Deno.test(
  "a process that has ended and that its parent has not asked for is not running",
  withMachine({ "/proc/7/stat": stat("deno", "Z", "4711") }, (root) => {
    assert.equal(isRunningHere({ pid: 7, host: "node7", start: "4711" }, root), false);
  }),
);

Deno.test(
  "a machine that does not say its name or a start gives no identity",
  withMachine({ "/proc/self/stat": "7 (deno)" }, (root) => assert.equal(ownIdentity(root), null)),
);
