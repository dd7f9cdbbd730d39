/**
 * Tests of what a process was started to ignore, on drawn machines.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ignoresHangUp } from "../../src/machine/mod.ts";
import { onDrawn } from "./drawn_machine.ts";

const masks = [
  ["0000000000000001", true],
  ["0000000080001001", true],
  ["0000000000001000", false],
  ["fffffffffffffffe", false],
] as const;

for (const [mask, ignored] of masks) {
  Deno.test(
    `a process whose mask of ignored signals is ${mask} ${ignored ? "ignores" : "does not ignore"} SIGHUP`,
    onDrawn(
      { "/proc/self/status": `Name:\tdeno\nSigBlk:\t0000000000000001\nSigIgn:\t${mask}\nSigCgt:\t1` },
      (system) => {
        assert.equal(ignoresHangUp(system), ignored);
      },
    ),
  );
}

Deno.test("a machine that does not say ignores nothing", onDrawn({}, (system) => assert.ok(!ignoresHangUp(system))));
