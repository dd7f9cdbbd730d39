/**
 * The learning rate schedule against its formula at its corners.
 *
 * @module
 */

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { warmupCosine } from "../../src/optim/mod.ts";

const paper = { epochs: 500, warmupEpochs: 10, startRate: 0.003, peakRate: 0.6 };

Deno.test("the warm-up starts at its start rate and ends at the peak", () => {
  assertEquals(warmupCosine(0, paper), 0.003);
  assertEquals(warmupCosine(9, paper), 0.6);
});

Deno.test("the cosine starts at the peak, is at half of it half-way, and ends near 0", () => {
  assertEquals(warmupCosine(10, paper), 0.6);
  assertAlmostEquals(warmupCosine(255, paper), 0.3, 1e-12);
  assertAlmostEquals(warmupCosine(499, paper), 0.6 * 0.5 * (1 + Math.cos(Math.PI * 489 / 490)), 1e-12);
});

Deno.test("without a warm-up the first epoch has the peak rate", () => {
  assertEquals(warmupCosine(0, { ...paper, warmupEpochs: 0 }), 0.6);
});

Deno.test("a warm-up of one epoch has the start rate in it", () => {
  assertEquals(warmupCosine(0, { ...paper, warmupEpochs: 1 }), 0.003);
  assertEquals(warmupCosine(1, { ...paper, warmupEpochs: 1 }), 0.6);
});
