/**
 * Tests of the soak tests themselves, at a small count.
 *
 * @module
 */

import { mutateSafetensors } from "./mutated_files.ts";

Deno.test("2,000 damaged safetensors files are read or refused with a FormatError", () => {
  mutateSafetensors.run(0, 2_000);
});
