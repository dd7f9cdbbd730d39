/**
 * Tests of the turns of the event loop between steps.
 *
 * @module
 */
import { assert } from "@std/assert";
import { yieldToEvents } from "../../src/training/yield_to_events.ts";

function compute(milliseconds: number): void {
  const begin = performance.now();
  while (performance.now() - begin < milliseconds);
}

Deno.test("between short and long computations, a signal is noticed after a few turns", async () => {
  for (const milliseconds of [5, 120]) {
    let noticed = false;
    const notice = () => noticed = true;
    Deno.addSignalListener("SIGUSR2", notice);
    try {
      await yieldToEvents();
      Deno.kill(Deno.pid, "SIGUSR2");
      for (let turn = 0; turn < 200 && !noticed; turn++) {
        compute(milliseconds);
        await yieldToEvents();
      }
      assert(noticed, `not noticed between computations of ${milliseconds} ms`);
    } finally {
      Deno.removeSignalListener("SIGUSR2", notice);
    }
  }
});
