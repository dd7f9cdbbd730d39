/**
 * Tests of suggesting the nearest known word.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { nearest, remedyFor } from "../../src/config/nearest.ts";

Deno.test("insertions, deletions and replacements each count as one edit", () => {
  assertEquals(nearest("lr", ["lrab"]), "lrab");
  assertEquals(nearest("lrab", ["lr"]), "lr");
  assertEquals(nearest("bugdet", ["budget"]), "budget");
  assertEquals(nearest("lr", ["lrabc"]), undefined);
  assertEquals(nearest("bgudte", ["budget"]), undefined);
});

Deno.test("a word may differ in two letters, and a long word in a third of its letters", () => {
  assertEquals(nearest("epXYZ", ["epoch"]), undefined);
  assertEquals(nearest("wXrmupYpochZ", ["warmupEpochs"]), "warmupEpochs");
  assertEquals(nearest("XXrmupYpochZ", ["warmupEpochs"]), "warmupEpochs");
  assertEquals(nearest("XXXmupYpochZ", ["warmupEpochs"]), undefined);
});

Deno.test("the nearest word is suggested, the first of those that are equally near", () => {
  assertEquals(nearest("epoch", ["budget", "epochs"]), "epochs");
  assertEquals(nearest("lt", ["lr", "ln"]), "lr");
  assertEquals(nearest("frobnicate", ["budget", "epochs"]), undefined);
});

Deno.test("the remedy names the word that was meant, or says to remove the word", () => {
  assertEquals(remedyFor("bugdet", ["budget"]), "did you mean budget?");
  assertEquals(remedyFor("zzzzzzzz", ["budget"]), "remove it");
});
