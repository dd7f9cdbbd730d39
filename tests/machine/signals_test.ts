/**
 * Tests of the signals that a process was started to ignore, on simulated machines.
 *
 * @module
 */
import { assert, assertStrictEquals } from "@std/assert";
import { ignoresHangUp } from "../../src/machine/mod.ts";
import { onSimulated } from "./drawn_machine.ts";

const masks = [
  ["0000000000000001", true],
  ["0000000080001001", true],
  ["0000000000001000", false],
  ["fffffffffffffffe", false],
] as const;

for (const [mask, ignored] of masks) {
  Deno.test(
    `a process with the SigIgn mask ${mask} ${ignored ? "ignores" : "does not ignore"} SIGHUP`,
    onSimulated(
      { "/proc/self/status": `Name:\tdeno\nSigBlk:\t0000000000000001\nSigIgn:\t${mask}\nSigCgt:\t1` },
      (system) => {
        assertStrictEquals(ignoresHangUp(system), ignored);
      },
    ),
  );
}

Deno.test(
  "SIGHUP is not ignored if the kernel reports no mask",
  onSimulated({}, (system) => assert(!ignoresHangUp(system))),
);
