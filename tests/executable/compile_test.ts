/**
 * Tests of the two ways to make the executable, and that one that does not work is an error.
 *
 * @module
 */

import { assert, assertEquals, assertIsError, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { existsSync } from "node:fs";
import { InvalidInputError } from "../../src/errors.ts";
import { compileExecutable } from "../../native/executable/compile.ts";
import { execute } from "../../native/tools/packages.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { selfCommand } from "../../cli/self.ts";
import { withFolder } from "../folders.ts";
import { finish } from "../cli/run_sluice.ts";
import { namesIn } from "./executable.ts";

/**
 * A stand-in for Deno's runtime stub. It runs the command line of this checkout, whatever `deno compile` puts into
 * it.
 */
async function buildStub(folder: string): Promise<string> {
  const [source, stub] = [join(folder, "stub.c"), join(folder, "stub")];
  const words = selfCommand();
  Deno.writeTextFileSync(
    source,
    `#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int count, char** given) {
  char* words[256] = {${words.map((word) => JSON.stringify(word)).join(", ")}};
  memcpy(words + ${words.length}, given + 1, sizeof *given * (count - 1));
  unsetenv("DENO_DIR");
  if (getenv("SLUICE_HOME")) setenv("HOME", getenv("SLUICE_HOME"), 1);
  return execv(words[0], words);
}
`,
  );
  const { success, output } = await execute("cc", ["-o", stub, source]);
  assert(success, output);
  return stub;
}

Deno.test(
  "if there is a runtime stub, deno compile makes the executable",
  withFolder(async (folder) => {
    const [output, cache] = [join(folder, "sluice"), join(folder, "cache")];
    Deno.env.set("DENORT_BIN", await buildStub(folder));
    try {
      assertEquals((await compileExecutable(output, 1)).way, "by deno compile");
    } finally {
      Deno.env.delete("DENORT_BIN");
    }
    const { status, stdout } = await finish(output, ["--version"], { SLUICE_CACHE: cache });
    assertEquals([status, stdout], [0, `${denoJson.version}\n`]);
    const [unpacked = ""] = namesIn(cache);
    assertEquals(namesIn(join(cache, unpacked)), ["native", "sluice"]);
  }),
);

Deno.test(
  "a DENORT_BIN that is not a denort is refused by name, and nothing is written",
  withFolder(async (folder) => {
    const output = join(folder, "sluice");
    try {
      for (
        const [stub, message] of [
          [join(folder, "none"), /^DENORT_BIN \S+none: Could not find denort at [^\n]*; give the path of denort \d/],
          // A program that starts but is not sluice.
          [
            Deno.execPath(),
            /^DENORT_BIN \S+: the program that deno compile made does not start; give the path of denort \d/,
          ],
        ] as const
      ) {
        Deno.env.set("DENORT_BIN", stub);
        assertIsError(await assertRejects(() => compileExecutable(output, 1)), InvalidInputError, message);
        assertEquals([output, `${output}.partial`].filter(existsSync), []);
      }
    } finally {
      Deno.env.delete("DENORT_BIN");
    }
  }),
);
