/**
 * Tests how many images of a split are timed.
 *
 * @module
 */
import { assertStrictEquals } from "@std/assert";
import { timedBatches } from "../../src/evaluation/mod.ts";

for (
  const [batch, images, expected] of [
    [1, 1000, 64],
    [1, 12, 12],
    [5, 12, 2],
    [12, 12, 1],
    [48, 1000, 2],
    [48, 70, 1],
    [64, 1000, 1],
    [100, 1000, 1],
  ] as const
) {
  Deno.test(`of ${images} images, ${expected} batches of ${batch} take turns`, () =>
    assertStrictEquals(timedBatches(batch, images), expected));
}
