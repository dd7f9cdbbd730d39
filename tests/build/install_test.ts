/**
 * Tests of the command that `deno task install` creates.
 *
 * @module
 */

import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { DELIMITER, join } from "@std/path";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import denoJson from "../../deno.json" with { type: "json" };
import { withFolder } from "../folders.ts";

const program = fileURLToPath(new URL("../../native/tools/install.ts", import.meta.url));

interface Ending {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: string, args: readonly string[], options: Deno.CommandOptions = {}): Promise<Ending> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args], ...options }).output();
  const decoder = new TextDecoder();
  return { status: code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Installs as the task does if it is called in the folder `caller`. */
function install(caller: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ending> {
  const flags = ["--quiet", "--no-prompt", "--allow-read", "--allow-write", "--allow-env"];
  return run(Deno.execPath(), ["run", ...flags, program, ...args], { env: { INIT_CWD: caller, ...env } });
}

Deno.test(
  "the command runs in the folder where it is called, and the task says if its folder, here with a space, is not on PATH",
  withFolder(async (folder) => {
    const { status, stdout, stderr } = await install(folder, ["bin dir"]);
    const command = join(folder, "bin dir", "sluice");
    assertEquals([status, stdout], [0, `${command}\n`], stderr);
    assertMatch(stderr, /bin dir is not on PATH; add it there: export PATH='.*bin dir':"\$PATH"\n$/);
    assertEquals(statSync(command).mode & 0o777, 0o755);
    assertEquals((await run(command, ["--version"], { cwd: folder })).stdout, `${denoJson.version}\n`);
    const preview = await run(command, ["data", "preview", "shapes", "--images", "1", "-o", "x.png"], { cwd: folder });
    assertEquals(preview.status, 0, preview.stderr);
    assertGreater(statSync(join(folder, "x.png")).size, 0);
    // A second installation replaces the first.
    const again = await install(folder, ["bin dir"], { PATH: `${join(folder, "bin dir")}${DELIMITER}/usr/bin` });
    assertEquals([again.status, again.stderr], [0, ""]);
  }),
);

Deno.test(
  "if the Deno that installed it is gone, the command uses deno from PATH, or else npx",
  withFolder(async (folder) => {
    await install(folder, ["."]);
    const command = join(folder, "sluice");
    writeFileSync(command, readFileSync(command, "utf8").replace(/^deno=.*$/m, "deno=/nowhere/deno"));
    const words = async (name: string) => {
      const bin = Deno.makeTempDirSync({ dir: folder });
      writeFileSync(join(bin, name), '#!/bin/sh\necho "$0 $@"\n', { mode: 0o755 });
      // PATH holds this one program; sh is called by its full path.
      const { stdout } = await run("/bin/sh", [command, "cost"], { clearEnv: true, env: { PATH: bin } });
      return stdout;
    };
    assertMatch(await words("deno"), /\/deno run --quiet .*cli\/main\.ts cost\n$/);
    assertMatch(await words("npx"), /\/npx -y deno@\d+\.\d+\.\d+ run --quiet .*cli\/main\.ts cost\n$/);
  }),
);

Deno.test(
  "the default folder is ~/.local/bin; a foreign file of that name and a second folder are refused",
  withFolder(async (folder) => {
    const { status, stdout } = await install(folder, [], { HOME: folder });
    assertEquals([status, stdout], [0, `${join(folder, ".local", "bin", "sluice")}\n`]);
    writeFileSync(join(folder, "sluice"), "mine");
    const taken = await install(folder, ["."]);
    assertEquals(taken.status, 2);
    assertMatch(taken.stderr, /^sluice: .*\/sluice: exists and was not made by this task; remove it/);
    assertEquals(readFileSync(join(folder, "sluice"), "utf8"), "mine");
    assertMatch((await install(folder, ["a", "b"])).stderr, /install a b: give one folder/);
  }),
);
