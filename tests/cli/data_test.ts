/**
 * Tests of `sluice data`: listing, unpacking, verifying and previewing data sets.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { create } from "tar";

import { datasetNames } from "../../src/data/mod.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, runSluice } from "./run_sluice.ts";

const RECORD_BYTES = 3074;
const FOLDER = "cifar-100-binary";

/** Writes an archive of CIFAR-100. @param records number of records in each file. */
async function writeArchive(parent: string, records: number): Promise<string> {
  const source = join(parent, "source");
  mkdirSync(join(source, FOLDER), { recursive: true });
  for (const file of ["train.bin", "test.bin"]) {
    writeFileSync(join(source, FOLDER, file), new Uint8Array(records * RECORD_BYTES));
  }
  const path = join(parent, "archive.tar.gz");
  await create({ gzip: true, file: path, cwd: source }, [FOLDER]);
  return path;
}

/** Writes a tar archive with one entry of any name and type, which ordinary programs refuse to make. */
function writeEntry(path: string, name: string, type: "0" | "2", target = ""): void {
  const header = new Uint8Array(512);
  const put = (text: string, at: number) => header.set(new TextEncoder().encode(text), at);
  put(name, 0);
  put("0000644\0", 100);
  put("0000000\0", 108);
  put("0000000\0", 116);
  put("00000000000\0", 124);
  put("00000000000\0", 136);
  put("        ", 148);
  put(type, 156);
  put(target, 157);
  put("ustar\0", 257);
  put("00", 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const archive = new Uint8Array(512 + 1024);
  archive.set(header);
  writeFileSync(path, archive);
}

Deno.test(
  "an archive on disk is unpacked once, and its data set can be listed, verified and trained on",
  withFolder(async (folder) => {
    const [data, archive] = [join(folder, "data"), await writeArchive(folder, 16)];
    const environment = { SLUICE_DATA: data };
    const fetched = await runSluice(["data", "fetch", "cifar100", "--from", archive, "--json"], environment);
    assertEquals(fetched.status, 0, fetched.stderr);
    assertEquals(JSON.parse(fetched.stdout), { name: "cifar100", folder: join(data, FOLDER), fetched: true });
    assertEquals(readdirSync(data), [FOLDER]);
    const again = await assertSucceeds(["data", "fetch", "cifar100", "--from", archive], environment);
    assertMatch(again, /is already in /);

    const listed = JSON.parse(await assertSucceeds(["data", "list", "--json"], environment)) as Record<
      string,
      unknown
    >[];
    const ready = ["shapes", "cifar100"];
    assertEquals(
      listed.map((source) => [source["name"], source["ready"]]),
      datasetNames.map((name) => [name, ready.includes(name)]),
    );

    const verified = await runSluice(["data", "verify", "cifar100", "--json"], environment);
    assertEquals(verified.status, 1);
    const { images: { train, test }, problems } = JSON.parse(verified.stdout) as {
      images: Record<string, number>;
      problems: string[];
    };
    assertEquals([train, test], [16, 16]);
    assertMatch(problems.join(), /train: has 16 images, the official data set has 50000/);

    const tiny = ["--width", "4", "--projector", "8", "--batch", "8", "--epochs", "1", "--eval-every", "0"];
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", "--dataset", "cifar100", ...tiny, "--out", run, "--quiet"], environment);
  }),
);

Deno.test(
  "an archive with outside paths or links, a damaged one or another data set's is refused, and leaves no file",
  withFolder(async (folder) => {
    const data = join(folder, "data");
    const path = join(folder, "archive.tar");
    const refused = (message: RegExp) =>
      assertRefused(["data", "fetch", "cifar100", "--from", path, "--data", data], message);
    writeEntry(path, `${FOLDER}/../../escaped`, "0");
    await refused(/^sluice: .*archive\.tar: the entry .*escaped points outside the folder; do not use this archive/);
    writeEntry(path, "/escaped", "0");
    await refused(/the entry \/escaped points outside the folder/);
    writeEntry(path, `${FOLDER}/link`, "2", "/etc/passwd");
    await refused(/the entry .*link is a SymbolicLink, not a file or folder/);
    writeEntry(path, "another", "0");
    await refused(/contains no folder cifar-100-binary; give the official archive/);
    writeFileSync(path, Deno.readFileSync(await writeArchive(folder, 2)).subarray(0, 60));
    await refused(/archive\.tar: cannot be unpacked .*; fetch it again/);
    await assertRefused(["data", "fetch", "cifar100", "--from", join(folder, "none")], /none: there is no such file/);
    assertEquals(readdirSync(data), []);
  }),
);

Deno.test(
  "an unknown data set, or a data set without files, is refused by name",
  withFolder(async (folder) => {
    await assertRefused(["data", "fetch", "shapes"], /shapes needs no files/);
    // A script with an empty variable passes an empty path.
    for (const name of ["folder", "images"]) {
      await assertRefused(["data", "verify", name, "--data", ""], /--data "": give the path of a folder of images/);
    }
    await assertRefused(["data", "verify", "mnist"], /"mnist": choose one of shapes, cifar10, cifar100/);
    const missing = /cifar10 is not in .*: run `sluice data fetch cifar10`, or give --data DIR/;
    await assertRefused(["data", "verify", "cifar10"], missing, { SLUICE_DATA: folder });
  }),
);

Deno.test(
  "a preview is one PNG file of the reported size, and is refused without --out or with an impossible count",
  withFolder(async (folder) => {
    const out = join(folder, "views.png");
    const document = JSON.parse(
      await assertSucceeds(["data", "preview", "shapes", "--images", "2", "--out", out, "--json"]),
    );
    assertEquals(document, { out, images: 2, width: 296, height: 198 });
    assertEquals([...Deno.readFileSync(out).subarray(1, 4)], [..."PNG"].map((letter) => letter.charCodeAt(0)));
    await assertRefused(["data", "preview", "shapes"], /give --out FILE\.png/);
    await assertRefused(
      ["data", "preview", "shapes", "--out", out, "--images", "0"],
      /--images 0: give a whole number/,
    );
    for (let i = 0; i < 5; i++) writeFileSync(join(folder, `${i}.png`), Deno.readFileSync(out));
    await assertRefused(
      ["data", "preview", "images", "--data", folder, "--out", out, "--image-size", "4096"],
      /--images 6: a sheet holds 200000000 pixels; give at most 3 images of 4096 x 4096/,
    );
  }),
);
