/**
 * Tests of finding the nearest known word.
 *
 * @module
 */

import assert from "node:assert/strict";
import { editDistance, nearest } from "../../src/config/nearest.ts";

Deno.test("the distance counts insertions, deletions and replacements", () => {
  assert.equal(editDistance("budget", "budget"), 0);
  assert.equal(editDistance("bugdet", "budget"), 2);
  assert.equal(editDistance("", "lr"), 2);
  assert.equal(editDistance("epoch", "epochs"), 1);
});

Deno.test("the nearest word is suggested where it is near, the first of equals", () => {
  assert.equal(nearest("epoch", ["budget", "epochs"]), "epochs");
  assert.equal(nearest("lt", ["lr", "ln"]), "lr");
  assert.equal(nearest("frobnicate", ["budget", "epochs"]), undefined);
});
