/**
 * Tests that no command changes deno.lock as a side effect.
 *
 * @module
 */

import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import denoJson from "../../deno.json" with { type: "json" };
import { execute } from "../../native/tools/packages.ts";
import { withFolder } from "../folders.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Makes a project with our deno.json and a deno.lock in which another package replaces those that match `renamed`. */
function writeProject(folder: string, renamed: RegExp): string {
  copyFileSync(join(root, "deno.json"), join(folder, "deno.json"));
  const lock = join(folder, "deno.lock");
  writeFileSync(lock, readFileSync(join(root, "deno.lock"), "utf8").replaceAll(renamed, "npm:another@1.0.0"));
  writeFileSync(join(folder, "main.ts"), 'import "yaml";\n');
  return lock;
}

for (
  const args of [["run", "--quiet", "main.ts"], ["check", "--quiet", "main.ts"], ["test", "--quiet", "main.ts"]]
) {
  Deno.test(
    `deno ${args[0]} refuses a deno.json that does not match deno.lock, names the remedy and changes nothing`,
    withFolder(async (folder) => {
      const lock = writeProject(folder, new RegExp(`npm:yaml@${denoJson.imports.yaml.split("@")[1]}`, "g"));
      const before = readFileSync(lock, "utf8");
      const [command = "", ...rest] = args.map((word) => word === "main.ts" ? join(folder, word) : word);
      const config = ["--config", join(folder, "deno.json")];
      const { success, output } = await execute(Deno.execPath(), [command, ...config, ...rest], { NO_COLOR: "1" });
      assert(!success);
      assertMatch(output, /The lockfile is out of date\. [^\n]*`?deno install --frozen=false`?/);
      assertStrictEquals(readFileSync(lock, "utf8"), before);
    }),
  );
}
