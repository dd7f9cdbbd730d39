/**
 * Tests that training keeps no memory.
 *
 * @module
 */

import { assertLess } from "@std/assert";
import { deviceHasBf16 } from "../devices.ts";
import { assertFlatMemory } from "../soak/flat_memory.ts";

Deno.test("bytes in use, buffers and reserve are flat over 200 steps", () => {
  assertFlatMemory(200, 0, "f32");
});

Deno.test({ name: "in bf16 they are flat as well, and a step takes much less", ignore: !deviceHasBf16() }, () => {
  const peak = assertFlatMemory(200, 0, "bf16");
  // Activations take half. Weights, their gradients, the optimiser's state and some of the kernels' scratch take what
  // they took, which of a network this small is half of everything.
  const wide = assertFlatMemory(12, 0, "f32");
  assertLess(peak, 0.8 * wide, `${peak} bytes of ${wide}`);
});
