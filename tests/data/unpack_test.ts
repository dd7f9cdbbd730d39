// Tests of unpacking archives: their contents, and the limits on size and number of files.
import { assert, assertEquals, assertLess, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { create } from "tar";
import { unpackFolder } from "../../src/data/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { withTree } from "./image_files.ts";

const BLOCK = 512;
const MEGABYTE = 1 << 20;

/** The header of an entry of a tar file. */
function header(name: string, size: number, type: "0" | "5"): Uint8Array {
  const bytes = new Uint8Array(BLOCK);
  const put = (text: string, at: number) => bytes.set(new TextEncoder().encode(text), at);
  put(name, 0);
  put("0000644\0", 100);
  put(`${size.toString(8).padStart(11, "0")}\0`, 124);
  put("        ", 148);
  put(type, 156);
  put("ustar\x0000", 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}

/** Writes pieces as members of a gzip file. Repeated pieces are compressed only once. */
function writeCompressed(path: string, pieces: readonly Uint8Array[]): void {
  const packed = new Map(pieces.map((piece) => [piece, gzipSync(piece)]));
  writeFileSync(
    path,
    pieces.map((piece) => packed.get(piece) ?? new Uint8Array()).reduce((all, piece) => {
      const joined = new Uint8Array(all.length + piece.length);
      joined.set(all);
      joined.set(piece, all.length);
      return joined;
    }, new Uint8Array()),
  );
}

async function refused(folder: string, file: string, bytes: number, message: RegExp): Promise<void> {
  const parent = join(folder, "data");
  mkdirSync(parent, { recursive: true });
  const error = await assertRejects(
    () => unpackFolder(join(folder, file), { folder: "set", files: [], bytes }, parent),
    InvalidInputError,
  );
  assertMatch(error.message, message);
  assert(!error.message.includes("\n"));
  assertEquals(readdirSync(parent), []);
}

Deno.test("files of any size are unpacked unchanged, from compressed and plain archives", () =>
  withTree(async (folder) => {
    const contents = [0, 1, BLOCK, 3 * MEGABYTE + 7].map((size) => Uint8Array.from({ length: size }, (_, i) => i * i));
    mkdirSync(join(folder, "set", "inner"), { recursive: true });
    contents.forEach((bytes, i) => writeFileSync(join(folder, "set", "inner", `${i}.bin`), bytes));
    for (const gzip of [true, false]) {
      const file = join(folder, `archive-${gzip}`);
      await create({ gzip, file, cwd: folder }, ["set"]);
      const parent = join(folder, `data-${gzip}`);
      mkdirSync(parent);
      await unpackFolder(file, { folder: "set", files: [], bytes: 4 * MEGABYTE }, parent);
      contents.forEach((bytes, i) => {
        assert(readFileSync(join(parent, "set", "inner", `${i}.bin`)).equals(bytes), `${i}, gzip ${gzip}`);
      });
    }
  }));

Deno.test("an archive that unpacks to more than twice its data set's size is refused, without holding its bytes in memory", () =>
  withTree(async (folder) => {
    const zeros = new Uint8Array(16 * MEGABYTE);
    const gigabyte = Array.from({ length: 64 }, () => zeros);
    const size = 64 * zeros.length;
    writeCompressed(join(folder, "file.tar.gz"), [header("set/large.bin", size, "0"), ...gigabyte]);
    const before = Deno.memoryUsage().rss;
    const tooLarge =
      /file\.tar\.gz: unpacks to more than 400000000 bytes, twice the data set's size; give the official/;
    await refused(folder, "file.tar.gz", 200_000_000, tooLarge);
    assertLess(Deno.memoryUsage().rss - before, 300 * MEGABYTE);
    // Zeros after the archive's end count too.
    const end = new Uint8Array(2 * BLOCK);
    writeCompressed(join(folder, "end.tar.gz"), [header("set/", 0, "5"), end, zeros]);
    await refused(folder, "end.tar.gz", MEGABYTE, /end\.tar\.gz: unpacks to more than 2097152 bytes/);
    writeFileSync(join(folder, "plain.tar"), zeros);
    await refused(folder, "plain.tar", MEGABYTE, /plain\.tar: unpacks to more than 2097152 bytes/);
  }));

Deno.test("an archive of too many files is refused before any is written", () =>
  withTree(async (folder) => {
    const many = Array.from({ length: 1001 }, (_, i) => header(`set/${i}`, 0, "0"));
    writeCompressed(join(folder, "many.tar.gz"), many);
    await refused(
      folder,
      "many.tar.gz",
      100 * MEGABYTE,
      /many\.tar\.gz: holds more than 1000 files; give the official/,
    );
  }));
