/**
 * Tests that variables meant for Deno, Node and the libraries neither break the executable nor print into its results.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { withFolder } from "../folders.ts";
import { namesIn, testedExecutable } from "./executable.ts";

/** Variables of Deno with values that would keep it from starting, make it print, or make it write files. */
const settings: Readonly<Record<string, readonly string[]>> = {
  DENO_PERMISSION_BROKER_PATH: ["/nowhere", "1", ""],
  DENO_AUDIT_PERMISSIONS: ["audit", ""],
  DENO_TOKIO_EVENT_INTERVAL: ["/nowhere", "0"],
  DENO_TOKIO_MAX_IO_EVENTS_PER_TICK: ["many"],
  DENO_AUTH_TOKENS: ["1"],
  DENO_UNSTABLE_OTEL_DETERMINISTIC: ["yes"],
  DENO_V8_FLAGS: ["--frobnicate"],
  NODE_CHANNEL_FD: ["1", "x"],
  NODE_CHANNEL_SERIALIZATION_MODE: ["x"],
  NODE_OPTIONS: ["--frobnicate"],
  OTEL_SDK_DISABLED: ["1"],
  NPM_CONFIG_REGISTRY: ["nowhere"],
  JSR_URL: ["nowhere"],
  LANG: ["/nonexistent"],
  LC_ALL: ["/nonexistent"],
  // A setting that does not exist yet: a later Deno may add more.
  DENO_OF_TOMORROW: ["1"],
};

/** Runs the executable in a folder and returns both output streams. It must succeed. */
async function runIn(folder: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const command = new Deno.Command(testedExecutable(), {
    args: [...args],
    cwd: folder,
    env: { SLUICE_CACHE: join(folder, "cache"), ...env },
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  const [out, err] = [decoder.decode(stdout), decoder.decode(stderr)];
  assertEquals(code, 0, `${JSON.stringify(env)}: ${err}`);
  return { stdout: out, stderr: err };
}

Deno.test(
  "no variable of Deno, Node, npm or the locale breaks it, makes it print or leaves a file",
  withFolder(async (folder) => {
    const cost = ["cost", "--width", "4", "--json"];
    const { stdout: expected } = await runIn(folder, cost, {});
    for (const [name, values] of Object.entries(settings)) {
      for (const value of values) {
        const { stdout, stderr } = await runIn(folder, cost, { [name]: value });
        assertEquals([stdout, stderr], [expected, ""], `${name}=${value}`);
      }
    }
    assertEquals(namesIn(folder), ["cache"]);
  }),
);

Deno.test(
  "all these variables together do not affect it, and commands see the user's HOME",
  withFolder(async (folder) => {
    const all = Object.fromEntries(Object.entries(settings).map(([name, [value = ""]]) => [name, value]));
    const { stdout, stderr } = await runIn(folder, ["doctor", "--json"], { ...all, HOME: folder });
    assertEquals(stderr, "");
    assertEquals(typeof JSON.parse(stdout), "object");
  }),
);
