/**
 * Which images the budget's controller looks at.
 *
 * @module
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { plainRuns } from "../../src/training/plain_share.ts";

Deno.test("runs of plain images are spread over the whole set, and others each time", () => {
  const count = 50_000;
  const runs = plainRuns(count, 3, 0);
  assertEquals(runs.reduce((images, [from, to]) => images + to - from, 0), 250);
  // Of a set in the order of its ten classes every class has its part.
  const classes = runs.flatMap(([from, to]) => [Math.floor(from / 5000), Math.floor((to - 1) / 5000)]);
  for (let label = 0; label < 10; label++) assertEquals(classes.filter((of) => of === label).length, 10);
  assertEquals(plainRuns(count, 3, 0), runs);
  assertNotEquals(plainRuns(count, 3, 1), runs);
  assertNotEquals(plainRuns(count, 4, 0), runs);
});

Deno.test("no run leaves the set, whatever its size, and a small set is looked at whole", () => {
  for (const count of [251, 252, 299, 300, 1001]) {
    for (let turn = 0; turn < 20; turn++) {
      for (const [from, to] of plainRuns(count, 0, turn)) assert(from >= 0 && to <= count && to - from === 5);
    }
  }
  assertEquals(plainRuns(250, 0, 0), [[0, 250]]);
  assertEquals(plainRuns(7, 0, 5), [[0, 7]]);
});
