/**
 * Tests the executable on a bare system.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { withFolder } from "../folders.ts";
import { makeRoot, obstacle, runInRoot, user } from "./bare_root.ts";
import { testedExecutable } from "./executable.ts";

const reason = await obstacle();
if (reason !== null) console.log(`skipped: the executable in a bare root (${reason})`);

Deno.test({
  name: "on a bare system an ordinary user can run doctor, cost, pretrain and evaluate",
  ignore: reason !== null,
  fn: withFolder(async (root) => {
    makeRoot(root, [{ source: testedExecutable(), path: "sluice" }]);
    const run = async (args: readonly string[]) => {
      const { status, stdout, stderr } = await runInRoot(root, ["/sluice", ...args]);
      assertEquals(status, 0, `${args.join(" ")}\n${stdout}\n${stderr}`);
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const report = await run(["doctor", "--ops", "--json"]);
    assertEquals(report["problems"], []);
    const operations = report["operations"] as { ok: boolean }[];
    assert(operations.length > 100 && operations.every(({ ok }) => ok));
    assertGreater(((await run(["cost", "--json"])) as { macs: number }).macs, 0);
    const tiny = ["--width", "4", "--projector", "16", "--batch", "8", "--train-images", "64", "--test-images", "32"];
    const trained = await run([
      "pretrain",
      "--dataset",
      "shapes",
      ...tiny,
      "--epochs",
      "2",
      "--out",
      "/work/run",
      "--json",
    ]);
    assertEquals(trained["steps"], 16);
    const { networks } = await run(["evaluate", "/work/run", "--json"]);
    assertEquals(Object.keys(networks as object).sort(), ["dense", "gated"]);
    assertEquals([...Deno.readDirSync(join(root, "home", "user"))], []);
  }),
});

Deno.test({
  name: "a home mounted noexec is skipped, and refused if SLUICE_CACHE names it",
  ignore: reason !== null,
  fn: withFolder(async (root) => {
    makeRoot(root, [{ source: testedExecutable(), path: "sluice" }]);
    const { status, stderr } = await runInRoot(root, ["/sluice", "cost"], { noexec: "home/user" });
    assertEquals(status, 0, stderr);
    assertEquals([...Deno.readDirSync(join(root, "tmp"))].map(({ name }) => name), [`sluice-${user}`]);
    const none = await runInRoot(root, ["/sluice", "cost"], {
      noexec: "home/user",
      variables: { SLUICE_CACHE: "/home/user/cache" },
    });
    assertEquals(none.status, 2);
    assertMatch(
      none.stderr,
      /^sluice: no folder to unpack \d+ MiB into \(\/home\/user\/cache: is mounted noexec\): set SLUICE_CACHE to a folder/,
    );
  }),
});
