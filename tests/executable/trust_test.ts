/**
 * Tests that the executable only unpacks itself into folders whose contents only the user and root can change.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { existsSync, readFileSync, statSync } from "node:fs";
import denoJson from "../../deno.json" with { type: "json" };
import { execute } from "../../native/tools/packages.ts";
import { finish } from "../cli/run_sluice.ts";
import { withFolder } from "../folders.ts";
import { assertCleanCache, namesIn, runWithCache, testedExecutable } from "./executable.ts";

const version = `${denoJson.version}\n`;
const stranger = 4242;

/** Makes a folder with exactly this mode. */
function makeFolder(path: string, mode = 0o755): string {
  Deno.mkdirSync(path);
  Deno.chmodSync(path, mode);
  return path;
}

/**
 * Asserts that a cache is refused in one line with its path, the reason and the remedy, and that nothing is created.
 */
async function assertCacheRefused(cache: string, reason: string): Promise<void> {
  const before = existsSync(cache);
  const { status, stdout, stderr } = await runWithCache(cache, ["--version"]);
  assertMatch(stderr, /^sluice: no folder to unpack [^\n]+: set SLUICE_CACHE to a folder [^\n]+\n$/);
  assertStringIncludes(stderr, `(${cache}: ${reason})`);
  assertEquals([status, stdout, existsSync(cache)], [2, "", before]);
}

async function assertCacheUsed(cache: string): Promise<void> {
  const { status, stdout, stderr } = await runWithCache(cache, ["--version"]);
  assertEquals([status, stdout], [0, version], stderr);
  assertCleanCache(cache);
}

Deno.test(
  "a folder that every user can write is refused as cache, as its parent and further up",
  withFolder(async (folder) => {
    const open = makeFolder(join(folder, "open"), 0o777);
    makeFolder(join(open, "inner"));
    for (const cache of ["", "cache", "inner", "inner/cache", "inner/a/b"]) {
      await assertCacheRefused(join(open, cache), `other users can write ${open}`);
    }
    assertEquals(namesIn(open), ["inner"]);
    assertEquals(namesIn(join(open, "inner")), []);
  }),
);

Deno.test(
  "a parent that every user can write is accepted with the sticky bit, but the cache itself is not",
  withFolder(async (folder) => {
    const sticky = makeFolder(join(folder, "sticky"), 0o1777);
    await assertCacheUsed(join(sticky, "cache"));
    await assertCacheRefused(sticky, `other users can write ${sticky}`);
  }),
);

Deno.test(
  "a link is judged by its target, and a cache behind a link is used under its real path",
  withFolder(async (folder) => {
    const open = makeFolder(join(folder, "open"), 0o777);
    const own = makeFolder(join(folder, "own"), 0o700);
    Deno.symlinkSync(open, join(folder, "to-open"));
    await assertCacheRefused(join(folder, "to-open", "cache"), `other users can write ${open}`);
    Deno.symlinkSync(own, join(open, "to-own"));
    await assertCacheUsed(join(open, "to-own"));
    assertCleanCache(own);
    Deno.symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
    await assertCacheRefused(join(folder, "dangling"), "No such file or directory");
  }),
);

Deno.test(
  "the cache is private under any umask, and files that a command writes follow the umask",
  withFolder(async (folder) => {
    const cache = join(folder, "a", "cache");
    for (const umask of ["000", "002", "277"]) {
      const made = join(folder, `made-${umask}`);
      const script = `umask ${umask}; exec "$0" completions bash > "$1"`;
      const { status, stderr } = await finish("sh", ["-c", script, testedExecutable(), made], { SLUICE_CACHE: cache });
      assertEquals(status, 0, stderr);
      const unpacked = assertCleanCache(cache);
      for (const path of [join(folder, "a"), cache, unpacked, join(unpacked, "native")]) {
        assertEquals((statSync(path).mode & 0o7777).toString(8), "700", path);
      }
      assertEquals(statSync(`${unpacked}.stamp`).mode & 0o077, 0);
      Deno.removeSync(join(folder, "a"), { recursive: true });
    }
    assertEquals(statSync(join(folder, "made-000")).mode & 0o777, 0o666);
  }),
);

Deno.test(
  "unpacked files that others could write are unpacked again",
  withFolder(async (folder) => {
    const cache = join(folder, "cache");
    await assertCacheUsed(cache);
    const unpacked = assertCleanCache(cache);
    for (const path of ["", "native", "native/libsluice_cpu.so"]) {
      Deno.chmodSync(join(unpacked, path), 0o777);
      await assertCacheUsed(cache);
      assertEquals(statSync(join(unpacked, path)).mode & 0o022, 0, path);
    }
  }),
);

Deno.test(
  "without SLUICE_CACHE, a cache folder that others can write is skipped",
  withFolder(async (folder) => {
    const [home, temporary] = [join(folder, "home"), join(folder, "tmp")].map((path) => makeFolder(path, 0o700));
    assert(home && temporary);
    makeFolder(join(home, ".cache"), 0o777);
    const env = { SLUICE_CACHE: "", XDG_CACHE_HOME: "", HOME: home, TMPDIR: temporary };
    assertEquals((await finish(testedExecutable(), ["--version"], env)).stdout, version);
    assertEquals(namesIn(join(home, ".cache")), []);
    assertCleanCache(join(temporary, `sluice-${Deno.uid()}`));
  }),
);

Deno.test({
  name: "another user's folder is refused as cache and as its parent (needs root, to make such a folder)",
  ignore: Deno.uid() !== 0,
  fn: withFolder(async (folder) => {
    const foreign = makeFolder(join(folder, "foreign"), 0o755);
    makeFolder(join(foreign, "inner"));
    Deno.chownSync(foreign, stranger, stranger);
    for (const cache of ["", "cache", "inner/cache"]) {
      await assertCacheRefused(join(foreign, cache), `${foreign} belongs to another user`);
    }
    // The sticky bit does not help: the folder's owner may still rename its entries.
    Deno.chmodSync(foreign, 0o1777);
    await assertCacheRefused(join(foreign, "cache"), `${foreign} belongs to another user`);
  }),
});

Deno.test({
  name: "a group with write access is trusted if the user is its only member (needs root, to change a folder's group)",
  ignore: Deno.uid() !== 0,
  fn: withFolder(async (folder) => {
    const shared = makeFolder(join(folder, "shared"));
    // root's own group, unless the system gives it to other users as well.
    const passwords = readFileSync("/etc/passwd", "utf8").trimEnd().split("\n").map((line) => line.split(":"));
    const isOwn = passwords.every(([, , user, group]) => user === "0" || group !== "0");
    for (const [group, trusted] of [[0, isOwn], [stranger, false]] as const) {
      Deno.chownSync(shared, 0, group);
      Deno.chmodSync(shared, 0o775);
      const cache = join(shared, "cache");
      if (trusted) await assertCacheUsed(cache);
      else await assertCacheRefused(cache, `other users can write ${shared}`);
      if (trusted) Deno.removeSync(cache, { recursive: true });
    }
  }),
});

const hasAccessLists = (await execute("setfacl", ["--version"])).success;
Deno.test({
  name: "an access list that lets another user write is noticed (skipped if setfacl is missing)",
  ignore: Deno.uid() !== 0 || !hasAccessLists,
  fn: withFolder(async (folder) => {
    const shared = makeFolder(join(folder, "shared"));
    const { success } = await execute("setfacl", ["-m", `u:${stranger}:rwx`, shared]);
    // The file system may not support access lists.
    if (success) await assertCacheRefused(join(shared, "cache"), `other users can write ${shared}`);
  }),
});
