/**
 * Tests of set-up, on simulated machines: a folder of small shell scripts is all of PATH.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { fileURLToPath } from "node:url";

const setup = fileURLToPath(new URL("../../native/tools/setup.ts", import.meta.url));

/** The body of each program's shell script, by program name; `$HERE` is the folder of the programs. */
type Machine = Readonly<Record<string, string>>;

const cmake = 'echo "cmake version 3.18.4"';
const oldCmake = 'echo "cmake version 3.16.3"';
const complete: Machine = { "g++": "exit 0", cmake, ninja: "exit 0" };
// This compiler finds oneDNN once its package is installed.
const withoutOneDnn: Machine = { ...complete, "g++": 'case "$*" in *dnnl*) test -e "$HERE/installed";; esac' };
const apt: Machine = {
  // Knows every package except libdnnl-dev, like systems that renamed it to libonednn-dev.
  "apt-cache": '[ "$2" != libdnnl-dev ] && echo "Package: $2"',
  "apt-get": 'case "$*" in --version) exit 0;; *install*) : > "$HERE/installed";; esac; echo "$*" >> "$HERE/log"',
  sudo: 'shift; "$@"',
  env: 'shift; "$@"',
};

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The arguments of apt-get, a line per call. */
  readonly log: string;
}

/** Runs set-up with only these programs on PATH. */
async function setUp(machine: Machine): Promise<Outcome> {
  const folder = Deno.makeTempDirSync();
  try {
    for (const [name, body] of Object.entries(machine)) {
      Deno.writeTextFileSync(join(folder, name), `#!/bin/sh\nHERE='${folder}'\n${body}\n`, { mode: 0o755 });
    }
    Deno.writeTextFileSync(join(folder, "log"), "");
    const permissions = ["--no-prompt", "--allow-read", "--allow-env", "--allow-run", "--allow-sys=uid"];
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", ...permissions, setup],
      env: { PATH: folder, NO_COLOR: "1" },
      stdin: "null",
    });
    const { code, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    const log = Deno.readTextFileSync(join(folder, "log"));
    return { status: code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr), log };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("if everything is installed, set-up does nothing and prints nothing", async () => {
  const outcome = await setUp({ ...complete, ...apt });
  assertEquals(outcome, { status: 0, stdout: "", stderr: "", log: "" });
});

Deno.test("if nothing is installed and apt-get is missing, set-up stops with the command to run", async () => {
  const { status, stderr } = await setUp({});
  assertEquals(status, 2);
  const names = "oneDNN, libjpeg-turbo, libpng, zlib, zstd, libsodium, doctest, CMake 3.18 or newer, make or ninja";
  const packages =
    "g++ libdnnl-dev libjpeg62-turbo-dev libpng-dev zlib1g-dev libzstd-dev libsodium-dev doctest-dev cmake ninja-build";
  const remedy = `sudo apt-get update && sudo apt-get install -y ${packages}`;
  assertEquals(stderr, `sluice: missing on this machine: g++, ${names}; run: ${remedy}\n`);
});

Deno.test("a CMake that is too old counts as missing", async () => {
  const { status, stderr } = await setUp({ ...complete, cmake: oldCmake });
  assertEquals(status, 2);
  assertMatch(stderr, /missing on this machine: CMake 3\.18 or newer; run: .* install -y cmake\n$/);
});

Deno.test("missing packages are installed if apt-get may run, under the names that the system knows", async () => {
  const { status, stderr, log } = await setUp({ ...withoutOneDnn, ...apt });
  assertEquals(stderr, "installing system packages for: oneDNN\n");
  assertEquals(status, 0);
  const [update, install, ...more] = log.trimEnd().split("\n");
  assertMatch(update ?? "", / update$/);
  assertMatch(install ?? "", / install -y --no-install-recommends libonednn-dev$/);
  assertEquals(more, []);
});

Deno.test("a failed installation ends with the command to run", async () => {
  const failing = { ...apt, "apt-get": 'case "$*" in *--version*) exit 0;; esac; echo "E: no network"; exit 100' };
  const { status, stderr } = await setUp({ ...withoutOneDnn, ...failing });
  assertEquals(status, 2);
  assertMatch(stderr, /E: no network\n/);
  assertMatch(stderr, /\nsluice: missing on this machine: oneDNN; run: .* install -y libonednn-dev\n$/);
});
