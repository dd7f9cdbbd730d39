/**
 * Tests that training keeps no memory.
 *
 * @module
 */

import { assertFlatMemory } from "../soak/flat_memory.ts";

Deno.test("bytes in use, buffers and reserve are flat over 200 steps", () => {
  assertFlatMemory(200, 0);
});
