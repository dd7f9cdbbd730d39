/**
 * Tests that the executable unpacks itself completely or not at all, whatever happens to its cache.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { appendFileSync, existsSync, readFileSync, renameSync, statSync, truncateSync, utimesSync } from "node:fs";
import denoJson from "../../deno.json" with { type: "json" };
import { finish } from "../cli/run_sluice.ts";
import { withFolder } from "../folders.ts";
import { assertCleanCache, assertKillsAreSurvived, namesIn, runWithCache, testedExecutable } from "./executable.ts";

const version = `${denoJson.version}\n`;
const library = "native/libsluice_cpu.so";

async function assertRuns(cache: string): Promise<string> {
  const { status, stdout, stderr } = await runWithCache(cache, ["cost", "--width", "4", "--json"]);
  assertEquals(status, 0, stderr);
  assertGreater((JSON.parse(stdout) as { macs: number }).macs, 0);
  return assertCleanCache(cache);
}

Deno.test(
  "twenty processes that start at the same time on an empty cache all succeed",
  withFolder(async (cache) => {
    const runs = await Promise.all(Array.from({ length: 20 }, () => runWithCache(cache, ["--version"])));
    for (const { status, stdout, stderr } of runs) {
      assertEquals(status, 0, stderr);
      assertStrictEquals(stdout, version);
    }
    await assertRuns(cache);
  }),
);

/** Ways to damage an unpacked folder. */
const damages: Readonly<Record<string, (folder: string) => void>> = {
  "a truncated file": (folder) => truncateSync(join(folder, library), 1000),
  "a changed byte, with the file's times restored": (folder) => {
    const path = join(folder, library);
    const { atime, mtime } = statSync(path);
    using file = Deno.openSync(path, { write: true });
    file.seekSync(4096, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array([1, 2, 3, 4]));
    utimesSync(path, atime, mtime);
  },
  "an appended line in a script": (folder) => appendFileSync(join(folder, "app/cli/main.js"), "\n"),
  "a missing file": (folder) => Deno.removeSync(join(folder, library)),
  "an additional file": (folder) => Deno.writeTextFileSync(join(folder, "native/libz.so"), ""),
  "a file in place of the folder": (folder) => {
    Deno.removeSync(folder, { recursive: true });
    Deno.writeTextFileSync(folder, "");
  },
  "a link in place of a file": (folder) => {
    const [path, moved] = [join(folder, library), join(folder, "..", "..", "moved.so")];
    renameSync(path, moved);
    Deno.symlinkSync(moved, path);
  },
};

for (const [name, damage] of Object.entries(damages)) {
  Deno.test(
    `the cache is unpacked again after ${name}`,
    withFolder(async (parent) => {
      const cache = join(parent, "cache");
      const folder = await assertRuns(cache);
      // Only an executable that packs Deno itself contains the bundled script.
      if (name.includes("script") && !existsSync(join(folder, "app"))) return;
      const before = readFileSync(join(folder, library));
      damage(folder);
      assertStrictEquals(await assertRuns(cache), folder);
      assert(readFileSync(join(folder, library)).equals(before));
    }),
  );
}

Deno.test(
  "a cache without its stamp is checked and kept",
  withFolder(async (cache) => {
    const folder = await assertRuns(cache);
    const { ino } = statSync(join(folder, library));
    Deno.removeSync(`${folder}.stamp`);
    await assertRuns(cache);
    assertStrictEquals(statSync(join(folder, library)).ino, ino);
  }),
);

Deno.test(
  "a process killed while unpacking leaves nothing that a later process would use",
  withFolder(async (parent) => {
    for (const delays of [[0], [20], [60], [120, 125], [200], [100, 200, 300]]) {
      await assertKillsAreSurvived(testedExecutable(), join(parent, delays.join("-")), delays);
    }
  }),
);

Deno.test(
  "an unusable SLUICE_CACHE is refused in one line with the reason",
  withFolder(async (folder) => {
    const file = join(folder, "file");
    Deno.writeTextFileSync(file, "");
    for (const cache of [file, join(file, "inside")]) {
      const { status, stdout, stderr } = await runWithCache(cache, ["--version"]);
      assertEquals(status, 2);
      assertEquals(stdout, "");
      assertMatch(
        stderr,
        /^sluice: no folder to unpack \d+ MiB into \([^\n]+\): set SLUICE_CACHE to a folder [^\n]+\n$/,
      );
      assertStringIncludes(stderr, cache);
    }
  }),
);

Deno.test(
  "without SLUICE_CACHE it unpacks into the user's cache folder, or else into a temporary folder",
  withFolder(async (folder) => {
    const [home, temporary] = [join(folder, "home"), join(folder, "tmp")];
    for (const path of [home, temporary]) Deno.mkdirSync(path);
    const env = { SLUICE_CACHE: "", XDG_CACHE_HOME: "", HOME: home, TMPDIR: temporary };
    assertEquals((await finish(testedExecutable(), ["--version"], env)).stdout, version);
    assertCleanCache(join(home, ".cache", "sluice", "program"));
    assertEquals(namesIn(temporary), []);
    Deno.writeTextFileSync(join(folder, "no-home"), "");
    const homeless = { ...env, HOME: join(folder, "no-home") };
    assertEquals((await finish(testedExecutable(), ["--version"], homeless)).stdout, version);
    assertCleanCache(join(temporary, `sluice-${Deno.uid()}`));
  }),
);

Deno.test(
  "unreadable configuration files of Deno, Node and npm do not affect it",
  withFolder(async (folder) => {
    const names = [".npmrc", "deno.json", "package.json", "tsconfig.json", ".env"];
    for (const name of names) Deno.writeFileSync(join(folder, name), new Uint8Array([0xff, 0xfe, 0, 123]));
    const command = new Deno.Command(testedExecutable(), {
      args: ["cost", "--json"],
      cwd: folder,
      env: { HOME: folder, SLUICE_CACHE: join(folder, "cache"), NODE_OPTIONS: "--frobnicate", DENO_V8_FLAGS: "--frob" },
      stdin: "null",
    });
    const { success, stderr } = await command.output();
    assertEquals(new TextDecoder().decode(stderr), "");
    assert(success);
    assertEquals(namesIn(folder), [...names, "cache"].sort());
  }),
);

Deno.test(
  "libraries of the same names in LD_LIBRARY_PATH and in the current folder are not loaded",
  withFolder(async (folder) => {
    for (const name of ["libdnnl.so.2", "libgomp.so.1", "libjpeg.so.62", "libOpenCL.so.1"]) {
      Deno.writeTextFileSync(join(folder, name), "no library");
    }
    const command = new Deno.Command(testedExecutable(), {
      args: ["bench", "step", "--width", "4", "--batch", "2", "--json"],
      cwd: folder,
      env: { LD_LIBRARY_PATH: folder, SLUICE_CACHE: join(folder, "cache") },
      stdin: "null",
    });
    const { success, stderr } = await command.output();
    assert(success, new TextDecoder().decode(stderr));
  }),
);

Deno.test(
  "a truncated or changed executable reports the damage and unpacks nothing",
  withFolder(async (folder) => {
    const [copy, cache] = [join(folder, "sluice"), join(folder, "cache")];
    const whole = readFileSync(testedExecutable());
    const changed = new Uint8Array(whole);
    const middle = changed.length >> 1;
    changed.set(changed.subarray(middle, middle + 64).map((byte) => byte ^ 0xff), middle);
    for (const bytes of [whole.subarray(0, middle), changed]) {
      Deno.writeFileSync(copy, bytes, { mode: 0o755 });
      const { status, stdout, stderr } = await finish(copy, ["--version"], { SLUICE_CACHE: cache });
      assertEquals(status, 1);
      assertEquals(stdout, "");
      assertMatch(stderr, /^sluice: this executable is damaged[^\n]*: copy it again and compare its checksum\n$/);
      assertEquals(existsSync(cache) ? namesIn(cache) : [], []);
    }
  }),
);
