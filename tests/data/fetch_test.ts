/**
 * Tests of fetching data sets: several processes at the same time, and incomplete folders.
 *
 * @module
 */
import { assertEquals, assertIsError, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { create } from "tar";
import { type Archive, fetchArchive, unpackFolder } from "../../src/data/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { withFolder } from "../folders.ts";

const files = Array.from({ length: 40 }, (_, number) => `batch_${number}.bin`);
const content = (name: string) => new TextEncoder().encode(name.repeat(5000));

/** Writes an archive of a folder `set` with the given files. */
async function writeArchive(parent: string, names: readonly string[]): Promise<string> {
  const source = join(parent, "source");
  rmSync(source, { recursive: true, force: true });
  mkdirSync(join(source, "set"), { recursive: true });
  for (const name of names) writeFileSync(join(source, "set", name), content(name));
  const path = join(parent, "set.tar.gz");
  await create({ gzip: true, file: path, cwd: source }, ["set"]);
  return path;
}

function described(path: string, url: string): Archive {
  const md5 = createHash("md5").update(readFileSync(path)).digest("hex");
  return { file: "set.tar.gz", url, md5, folder: "set", bytes: 3_000_000, files };
}

function assertWhole(data: string): void {
  assertEquals(readdirSync(data), ["set"]);
  assertEquals(readdirSync(join(data, "set")).toSorted(), files.toSorted());
  for (const name of files) assertEquals(readFileSync(join(data, "set", name)), Buffer.from(content(name)), name);
}

const silent = { progress: () => {}, waits: () => {} };

Deno.test(
  "if several processes fetch a data set at the same time, one downloads it, the others wait, and all find it complete",
  withFolder(async (folder) => {
    const [archive, data] = [await writeArchive(folder, files), join(folder, "data")];
    let requests = 0;
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
      requests++;
      return new Response(readFileSync(archive));
    });
    const wanted = described(archive, `http://127.0.0.1:${server.addr.port}/set.tar.gz`);
    const waited: (number | null)[] = [];
    const options = { ...silent, from: null, waits: ({ pid }: { pid: number | null }) => void waited.push(pid) };
    const fetched = await Promise.all([1, 2, 3].map(() => fetchArchive(wanted, data, options)));
    assertEquals(fetched.toSorted(), [false, false, true]);
    assertEquals([requests, waited], [1, [Deno.pid, Deno.pid]]);
    assertWhole(data);
    assertEquals(await fetchArchive(wanted, data, options), false);
    assertEquals(requests, 1);
  }),
);

Deno.test(
  "processes that unpack the same archive without locks do not disturb each other",
  withFolder(async (folder) => {
    const [archive, data] = [await writeArchive(folder, files), join(folder, "data")];
    mkdirSync(data);
    const put = await Promise.all([1, 2, 3, 4].map(() => unpackFolder(archive, described(archive, ""), data)));
    assertEquals(put.filter((isNew) => isNew).length, 1);
    assertWhole(data);
  }),
);

Deno.test(
  "a folder with a missing or empty file never counts as complete",
  withFolder(async (folder) => {
    const [archive, data] = [await writeArchive(folder, files), join(folder, "data")];
    const wanted = described(archive, "");
    const options = { ...silent, from: archive };
    const incomplete = (name: string) =>
      new RegExp(`set: is incomplete, ${name} is missing or empty; remove this folder and fetch again$`);
    mkdirSync(join(data, "set"), { recursive: true });
    assertIsError(
      await assertRejects(() => fetchArchive(wanted, data, options)),
      InvalidInputError,
      incomplete("batch_0.bin"),
    );
    rmSync(join(data, "set"), { recursive: true });
    assertEquals(await fetchArchive(wanted, data, options), true);
    rmSync(join(data, "set", "batch_7.bin"));
    assertIsError(
      await assertRejects(() => fetchArchive(wanted, data, options)),
      InvalidInputError,
      incomplete("batch_7.bin"),
    );
    writeFileSync(join(data, "set", "batch_7.bin"), "");
    assertIsError(
      await assertRejects(() => unpackFolder(archive, wanted, data)),
      InvalidInputError,
      incomplete("batch_7.bin"),
    );
    rmSync(join(data, "set"), { recursive: true });
    assertEquals(await fetchArchive(wanted, data, options), true);
    assertWhole(data);
  }),
);

Deno.test(
  "an archive that lacks files of the data set is refused, and nothing stays behind",
  withFolder(async (folder) => {
    const data = join(folder, "data");
    const archive = await writeArchive(folder, files.slice(1));
    assertIsError(
      await assertRejects(() => fetchArchive(described(archive, ""), data, { ...silent, from: archive })),
      InvalidInputError,
      /set\.tar\.gz: contains no set\/batch_0\.bin; give the official archive$/,
    );
    assertEquals(readdirSync(data), []);
  }),
);

Deno.test(
  "a fetch removes leftovers of killed processes, and does not follow a link in place of its files",
  withFolder(async (folder) => {
    const [archive, data, victim] = [await writeArchive(folder, files), join(folder, "data"), join(folder, "victim")];
    mkdirSync(join(data, ".set.partial-abc", "set"), { recursive: true });
    writeFileSync(join(data, ".set.lock"), "1\n");
    assertEquals(await fetchArchive(described(archive, ""), data, { ...silent, from: archive }), true);
    assertWhole(data);
    rmSync(join(data, "set"), { recursive: true });
    writeFileSync(victim, "precious");
    for (const name of [".set.lock", "set.tar.gz.partial"]) {
      symlinkSync(victim, join(data, name));
      const options = { ...silent, from: null };
      await assertRejects(
        () => fetchArchive(described(archive, "http://127.0.0.1:1/"), data, options),
        Error,
        ": is a link and must",
      );
      assertEquals(readFileSync(victim, "utf8"), "precious");
      rmSync(join(data, name));
    }
    assertEquals(existsSync(join(data, "set")), false);
  }),
);
