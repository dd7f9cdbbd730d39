/**
 * A run that finds no memory for its batch, on a device of which a test can say how much it has.
 *
 * @module
 */
import assert from "node:assert/strict";

import { OutOfMemoryError } from "../../src/errors.ts";
import { tinyRun } from "./tiny_run.ts";

/** One step on the stand-in with so much memory. */
async function stepWithin(bytes: number, batch: number): Promise<void> {
  Deno.env.set("HOSTCUDA_MEMORY", String(bytes));
  try {
    await tinyRun({ batch });
  } finally {
    Deno.env.delete("HOSTCUDA_MEMORY");
  }
}

Deno.test({
  name: "a batch that does not fit the device is refused with the request, the memory in use and a batch that fits",
  ignore: Deno.env.get("SLUICE_TEST_STAND_IN") === undefined,
  fn: async () => {
    const bytes = 24 * 2 ** 20;
    let fitting = 0;
    await assert.rejects(() => stepWithin(bytes, 128), (error) => {
      assert.ok(error instanceof OutOfMemoryError);
      const sentence = /no room for \d+ bytes: \d+ bytes are in use.*; a batch of (\d+) would fit, give --batch \1$/;
      fitting = Number(sentence.exec(error.message)?.[1]);
      assert.match(error.message, sentence);
      return true;
    });
    assert.ok(fitting > 4 && fitting < 128, String(fitting));
    await stepWithin(bytes, fitting);
  },
});
