/**
 * Tests that the work of other programs is told from this one's, on simulated processors.
 *
 * @module
 */
import {
  assertAlmostEquals,
  assertEquals,
  assertGreaterOrEqual,
  assertLessOrEqual,
  assertStrictEquals,
} from "@std/assert";
import { fittingThreads, OtherWorkMeter } from "../../src/machine/mod.ts";
import { withFolder } from "../folders.ts";
import { writeMachine } from "./drawn_machine.ts";

/** A processor's line of /proc/stat; guests' time is part of the user's. */
function processor(name: string, { busy, idle }: { busy: number; idle: number }): string {
  return `${name} ${busy - 5} 1 2 ${idle - 3} 3 1 0 1 ${busy - 5} 0`;
}

function writeTicks(root: string, processors: readonly { busy: number; idle: number }[], own: number): void {
  writeMachine(root, {
    "/proc/stat": [
      processor("cpu ", { busy: 10, idle: 10 }),
      ...processors.map((ticks, index) => processor(`cpu${index}`, ticks)),
      "intr 5 6",
    ].join("\n"),
    "/proc/self/stat": `7 (a) b) S 1 2 3 4 5 6 7 8 9 10 ${own - 30} 30 99 99 20`,
  });
}

Deno.test(
  "the work of others is what processors did besides this process, since the last call",
  withFolder((root) => {
    writeTicks(root, [{ busy: 100, idle: 100 }, { busy: 100, idle: 100 }, { busy: 100, idle: 100 }], 50);
    // Processor 1 does not belong to this process.
    using meter = new OtherWorkMeter(root, [0, 2]);
    writeTicks(root, [{ busy: 200, idle: 100 }, { busy: 200, idle: 100 }, { busy: 150, idle: 150 }], 130);
    const first = meter.read();
    assertStrictEquals(first?.processors, 2);
    assertAlmostEquals(first?.busy ?? NaN, 0.7);
    writeTicks(root, [{ busy: 300, idle: 100 }, { busy: 200, idle: 100 }, { busy: 150, idle: 250 }], 231);
    // Ticks are counted at different moments, and this process alone can seem to do more than all.
    assertEquals(meter.read(), { processors: 2, busy: 0 });
    assertEquals(meter.read(), null, "no time has passed");
  }),
);

Deno.test(
  "a system that does not tell its ticks gives null",
  withFolder((root) => {
    using nothing = new OtherWorkMeter(root, [0]);
    assertEquals(nothing.read(), null);
    writeTicks(root, [{ busy: 100, idle: 100 }], 50);
    using fewer = new OtherWorkMeter(root, [0, 1]);
    writeTicks(root, [{ busy: 200, idle: 100 }], 50);
    assertEquals(fewer.read(), null, "processor 1 is not listed");
  }),
);

Deno.test("this machine tells its ticks", async () => {
  using meter = new OtherWorkMeter();
  for (let tries = 0; tries < 20; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const work = meter.read();
    if (work === null) continue;
    assertGreaterOrEqual(work.busy, 0);
    // Ticks are counted at different moments.
    assertLessOrEqual(work.busy, work.processors + 0.5);
    return;
  }
  console.error("skipped: the work of other programs (this system does not tell its ticks)");
});

for (
  const [threads, processors, busy, expected] of [
    [2, 2, 0, null],
    [2, 2, 0.4, null],
    [2, 2, 0.7, 1], // a third program shares two processors with two threads
    [2, 2, 2, 1],
    [1, 2, 1, null],
    [4, 2, 0.2, null], // too many for the machine, but not because of others
    [4, 2, 0.7, 1],
    [1, 1, 1, null], // there are no fewer
    [64, 64, 1, 63],
    [64, 64, 0.6, 63],
    [4, 64, 40, null],
    [8, 8, 4, 4],
  ] as const
) {
  Deno.test(`of ${processors} processors, ${busy} busy, ${threads} threads are ${expected === null ? "not " : ""}too many`, () =>
    assertStrictEquals(fittingThreads(threads, { processors, busy }), expected));
}
