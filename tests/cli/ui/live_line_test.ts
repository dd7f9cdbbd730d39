/**
 * Tests of the progress bar's line.
 *
 * @module
 */

import { assert, assertEquals, assertLessOrEqual, assertMatch } from "@std/assert";
import { barLine, liveColumns } from "../../../cli/ui/live_line.ts";
import { grouped } from "../../../cli/ui/tables.ts";

Deno.test("a bar's line shows as many details as fit, the first ones first", () => {
  const details = ["cost 0.301 of 0.3", "loss 39.250", "20-NN dense 41.5 gated 40.3", "812 views/s", "x".repeat(500)];
  const line = barLine(0.435, ["epoch 12/100", "1:02:03 left"], details);
  assertLessOrEqual(line.length, liveColumns(), line);
  assertMatch(line, /^█+░+ 43% \| epoch 12\/100 \| 1:02:03 left \| cost 0\.301 of 0\.3/);
  assert(!line.includes("xxx"));
  assertMatch(barLine(7, [], []), /^█+ 700%$/);
});

Deno.test("large whole numbers are grouped by three digits, all other numbers are not", () => {
  assertEquals(grouped(703_560_448), "703,560,448");
  assertEquals(grouped(-12_345), "-12,345");
  assertEquals([9999, 0, 0.5, 12_345.5].map(grouped), ["9999", "0", "0.5", "12345.5"]);
});
