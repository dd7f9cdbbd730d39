/**
 * Tests of suggesting the nearest known word.
 *
 * @module
 */

import assert from "node:assert/strict";
import { nearest, remedyFor } from "../../src/config/nearest.ts";

Deno.test("insertions, deletions and replacements each count as one edit", () => {
  assert.equal(nearest("lr", ["lrab"]), "lrab");
  assert.equal(nearest("lrab", ["lr"]), "lr");
  assert.equal(nearest("bugdet", ["budget"]), "budget");
  assert.equal(nearest("lr", ["lrabc"]), undefined);
  assert.equal(nearest("bgudte", ["budget"]), undefined);
});

Deno.test("a word may differ in two letters, and a long word in a third of its letters", () => {
  assert.equal(nearest("epXYZ", ["epoch"]), undefined);
  assert.equal(nearest("wXrmupYpochZ", ["warmupEpochs"]), "warmupEpochs");
  assert.equal(nearest("XXrmupYpochZ", ["warmupEpochs"]), "warmupEpochs");
  assert.equal(nearest("XXXmupYpochZ", ["warmupEpochs"]), undefined);
});

Deno.test("the nearest word is suggested, the first of those that are equally near", () => {
  assert.equal(nearest("epoch", ["budget", "epochs"]), "epochs");
  assert.equal(nearest("lt", ["lr", "ln"]), "lr");
  assert.equal(nearest("frobnicate", ["budget", "epochs"]), undefined);
});

Deno.test("the remedy names the word that was meant, or says to remove the word", () => {
  assert.equal(remedyFor("bugdet", ["budget"]), "did you mean budget?");
  assert.equal(remedyFor("zzzzzzzz", ["budget"]), "remove it");
});
