/**
 * Tests of .ci/run, which continuous integration starts.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import denoJson from "../../deno.json" with { type: "json" };
import { execute } from "../../native/tools/packages.ts";
import { withFolder } from "../folders.ts";

const script = fileURLToPath(new URL("../../.ci/run", import.meta.url));

/** Runs the script with a stand-in for npx that logs its arguments and then runs the shell code `body` with `$task`. */
async function runWith(folder: string, body: string) {
  const calls = join(folder, "calls");
  writeFileSync(calls, "");
  const npx = `#!/bin/sh\necho "$*" >> ${calls}\ntask=$4\n${body}\n`;
  writeFileSync(join(folder, "npx"), npx, { mode: 0o755 });
  const { success, output } = await execute("bash", [script], { PATH: `${folder}:${Deno.env.get("PATH")}` });
  const tasks = readFileSync(calls, "utf8").trimEnd().split("\n").map((call) => call.split(" ").slice(2).join(" "));
  return { success, lastLine: output.trimEnd().split("\n").at(-1), tasks };
}

Deno.test(
  "the checks run before the tests, and the last line is the tests' summary",
  withFolder(async (folder) => {
    const passed = await runWith(folder, '[ "$task" = check ] || echo "12 passed, 0 failed"');
    assertEquals(passed, { success: true, lastLine: "12 passed, 0 failed", tasks: ["task check", "task test"] });
    const failed = await runWith(folder, '[ "$task" = check ] || { echo "11 passed, 1 failed"; exit 1; }');
    assertEquals([failed.success, failed.lastLine], [false, "11 passed, 1 failed"]);
  }),
);

Deno.test(
  "if a check fails, the script reports one failure and runs no tests",
  withFolder(async (folder) => {
    const result = await runWith(folder, "echo 'error: Found 1 not formatted file'; exit 1");
    assertEquals(result, { success: false, lastLine: "0 passed, 1 failed", tasks: ["task check"] });
  }),
);

Deno.test("deno task ok runs the same checks and tests as continuous integration", () => {
  assertEquals(denoJson.tasks.ok.command, "deno task --quiet check && deno task --quiet test");
  for (
    const part of [
      "fmt --check",
      "task --quiet fmt:native --check",
      "lint",
      "task --quiet lint:layers",
      "check",
      "doc --quiet --lint mod.ts src/errors.ts src/*/mod.ts",
    ]
  ) {
    assert(denoJson.tasks.check.command.split(" && ").includes(`deno ${part}`), part);
  }
});
