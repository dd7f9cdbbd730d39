/**
 * Tests the executable on a bare system: a root folder with only the C and C++ libraries, no network, an ordinary
 * user, and a home that cannot be written.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { dirname, join } from "@std/path";
import { copyFileSync, existsSync } from "node:fs";
import { withFolder } from "../folders.ts";
import { finish, type Finished } from "../cli/run_sluice.ts";
import { testedExecutable } from "./executable.ts";

const libraries = [
  "libc.so.6",
  "libm.so.6",
  "libdl.so.2",
  "libpthread.so.0",
  "librt.so.1",
  "libstdc++.so.6",
  "libgcc_s.so.1",
];
const libraryFolders = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64"];
const loader = "/lib64/ld-linux-x86-64.so.2";
const user = 1000;

/** Makes a root folder with the executable, and with a folder `work` that the user may write. */
function makeRoot(root: string): void {
  Deno.chmodSync(root, 0o755);
  const copied = [
    loader,
    ...libraries.map((name) => {
      const folder = libraryFolders.find((folder) => existsSync(join(folder, name)));
      assert(folder, `${name} is on this machine`);
      return join(folder, name);
    }),
  ];
  const folders = [...copied.map(dirname), "dev", "proc", "tmp", "home/user", "work"];
  for (const path of folders) Deno.mkdirSync(join(root, path), { recursive: true });
  for (const path of copied) copyFileSync(path, join(root, path));
  copyFileSync(testedExecutable(), join(root, "sluice"));
  Deno.writeTextFileSync(join(root, "dev", "null"), "");
  Deno.chmodSync(join(root, "tmp"), 0o1777);
  Deno.chownSync(join(root, "work"), user, user);
}

/**
 * Runs the executable in the root folder as the user, without network and with `/proc`.
 *
 * @param noexec a folder in the root to mount noexec.
 */
function runInRoot(
  root: string,
  args: readonly string[],
  noexec?: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const script = [
    'mount -t proc proc "$0/proc" && mount --bind /dev/null "$0/dev/null" && cd "$0" &&',
    noexec === undefined ? "" : `mount -t tmpfs -o noexec,mode=1777 none "$0/${noexec}" &&`,
    `exec chroot --userspec=${user}:${user} "$0" /sluice "$@"`,
  ].join(" ");
  const spaces = ["--mount", "--pid", "--net", "--fork"];
  const env = { PATH: Deno.env.get("PATH") ?? "", HOME: "/home/user", NO_COLOR: "1", ...variables };
  return finish("env", [
    "-i",
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...["unshare", ...spaces, "sh", "-c", script, root, ...args],
  ], {});
}

/** Why this machine cannot run a program in its own root folder; null if it can. */
async function obstacle(): Promise<string | null> {
  if (Deno.uid() !== 0) return "only root can change the root folder";
  try {
    const { status, stderr } = await finish("unshare", ["--mount", "--pid", "--net", "--fork", "true"], {});
    return status === 0 ? null : stderr.trim();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "there is no unshare";
  }
}

const reason = await obstacle();
if (reason !== null) console.log(`skipped: the executable in a bare root (${reason})`);

Deno.test({
  name: "on a bare system an ordinary user can run doctor, cost, pretrain and evaluate",
  ignore: reason !== null,
  fn: withFolder(async (root) => {
    makeRoot(root);
    const run = async (args: readonly string[]) => {
      const { status, stdout, stderr } = await runInRoot(root, args);
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
    makeRoot(root);
    const { status, stderr } = await runInRoot(root, ["cost"], "home/user");
    assertEquals(status, 0, stderr);
    assertEquals([...Deno.readDirSync(join(root, "tmp"))].map(({ name }) => name), [`sluice-${user}`]);
    const none = await runInRoot(root, ["cost"], "home/user", { SLUICE_CACHE: "/home/user/cache" });
    assertEquals(none.status, 2);
    assertMatch(
      none.stderr,
      /^sluice: no folder to unpack \d+ MiB into \(\/home\/user\/cache: is mounted noexec\): set SLUICE_CACHE to a folder/,
    );
  }),
});
