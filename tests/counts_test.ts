/**
 * Tests of counting tests.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { countTests } from "./counts.ts";

Deno.test("the summaries of doctest and of deno test are summed", () => {
  const output = [
    "1: [doctest] test cases:  12 |  11 passed | 1 failed | 0 skipped",
    "1: [doctest] assertions: 345 | 344 passed | 1 failed |",
    "ok | 20 passed (3 steps) | 2 failed | 1 ignored (4s)",
  ].join("\n");
  assertEquals(countTests(output, false), { passed: 31, failed: 3 });
});

Deno.test("a test program that dies without a summary counts as a failure", () => {
  assertEquals(countTests("error: Type checking failed.\n", false), { passed: 0, failed: 1 });
  assertEquals(countTests("ok | 3 passed | 0 failed (1s)\n", false), { passed: 3, failed: 1 });
});
