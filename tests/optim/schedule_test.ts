/**
 * The learning rate schedule against its formula at its corners.
 *
 * @module
 */
import assert from "node:assert/strict";

import { warmupCosine } from "../../src/optim/mod.ts";

const paper = { epochs: 500, warmupEpochs: 10, startRate: 0.003, peakRate: 0.6 };

Deno.test("the warm-up starts at its start rate and ends at the peak", () => {
  assert.equal(warmupCosine(0, paper), 0.003);
  assert.equal(warmupCosine(9, paper), 0.6);
});

Deno.test("the cosine starts at the peak, is at half of it half-way, and ends near 0", () => {
  assert.equal(warmupCosine(10, paper), 0.6);
  assert.ok(Math.abs(warmupCosine(255, paper) - 0.3) < 1e-12);
  assert.ok(Math.abs(warmupCosine(499, paper) - 0.6 * 0.5 * (1 + Math.cos(Math.PI * 489 / 490))) < 1e-12);
});

Deno.test("without a warm-up the first epoch has the peak rate", () => {
  assert.equal(warmupCosine(0, { ...paper, warmupEpochs: 0 }), 0.6);
});

Deno.test("a warm-up of one epoch has the start rate in it", () => {
  assert.equal(warmupCosine(0, { ...paper, warmupEpochs: 1 }), 0.003);
  assert.equal(warmupCosine(1, { ...paper, warmupEpochs: 1 }), 0.6);
});
