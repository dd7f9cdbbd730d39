/**
 * Tests that the executable is not called built where it does not work.
 *
 * @module
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError } from "../../src/errors.ts";
import { compileExecutable } from "../../native/compile.ts";
import { withFolder } from "../folders.ts";

Deno.test(
  "a DENORT_BIN that is none is refused by name, and nothing is written",
  withFolder(async (folder) => {
    const output = join(folder, "sluice");
    try {
      for (
        const [stub, message] of [
          [join(folder, "none"), /^DENORT_BIN \S+none: Could not find denort at [^\n]*; name a denort \d/],
          // A program that starts, but not this one.
          [Deno.execPath(), /^DENORT_BIN \S+: what deno compile makes does not start; name a denort \d/],
        ] as const
      ) {
        Deno.env.set("DENORT_BIN", stub);
        await assert.rejects(compileExecutable(output, 1), (error) => {
          assert.ok(error instanceof InvalidInputError);
          assert.match(error.message, message);
          return true;
        });
        assert.deepEqual([output, `${output}.partial`].filter(existsSync), []);
      }
    } finally {
      Deno.env.delete("DENORT_BIN");
    }
  }),
);
