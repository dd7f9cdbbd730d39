/**
 * Tests of the list of a run's images, and of what it says of changes.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { cifar10, folder, images, shapes, stl10 } from "../../src/data/mod.ts";
import { firstDifference, listImages } from "../../src/run/image_list.ts";
import { withTree, writeClassTree, writePng } from "../data/image_files.ts";

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** The rows of a list without its heading. */
function rows(text: string | undefined): string[][] {
  const [heading, ...lines] = (text ?? "").trimEnd().split("\n");
  assertEquals(heading, "path\tsize\tlabel\tchecksum");
  return lines.map((line) => line.split("\t"));
}

Deno.test("a list names each image's path below the data, size, label and content, test images last", () =>
  withTree(async (root) => {
    writeClassTree(root, ["b", "a"], { train: 2, test: 1 });
    const list = await listImages(folder.open({ data: root, seed: 0 }));
    const expected = ["train/a/000.png", "train/a/001.png", "train/b/000.png", "train/b/001.png", "test/a/000.png"];
    const listed = rows(list?.text);
    assertEquals(listed.map(([path]) => path), [...expected, "test/b/000.png"]);
    assertEquals(listed.map(([, , label]) => label), ["0", "0", "1", "1", "0", "1"]);
    for (const [path = "", size, , checksum] of listed) {
      assertStrictEquals(checksum, sha256(join(root, path)));
      assertEquals(size, String(readFileSync(join(root, path)).length));
    }
    assertStrictEquals(list?.digest, createHash("sha256").update(list?.text ?? "").digest("hex"));
  }));

Deno.test("a list does not depend on where the data lies, and images without classes have no label", () =>
  withTree(async (root) => {
    writePng(join(root, "one", "deep", "0.png"), 8, 8, 0);
    const before = await listImages(images.open({ data: join(root, "one"), seed: 0 }));
    renameSync(join(root, "one"), join(root, "two"));
    const after = await listImages(images.open({ data: join(root, "two") + "/", seed: 0 }));
    assertStrictEquals(after?.text, before?.text);
    assertEquals(rows(after?.text).map(([path, , label]) => [path, label]), [["deep/0.png", "-"]]);
  }));

Deno.test("a path with tabs, line breaks and backslashes is one field of one line", () =>
  withTree(async (root) => {
    writePng(join(root, "a\tb\nc\\d\u001be.png"), 8, 8, 0);
    const [row] = rows((await listImages(images.open({ data: root, seed: 0 })))?.text);
    assertEquals([row?.length, row?.[0]], [4, "a\\tb\\nc\\\\d\\u001be.png"]);
  }));

Deno.test("only images that are used are listed", () =>
  withTree(async (root) => {
    writeClassTree(root, ["a", "b"], { train: 4, test: 2 });
    writeFileSync(join(root, "train", "a", "000.png"), "no image");
    const list = await listImages(folder.open({ data: root, seed: 0, trainImages: 2, testImages: 1 }));
    assertEquals(rows(list?.text).map(([path]) => path), ["train/b/000.png", "test/a/000.png"]);
  }));

Deno.test("a data set of few files is listed by these, and a drawn one not at all", () =>
  withTree(async (root) => {
    const cifar = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"];
    mkdirSync(join(root, "cifar"));
    cifar.forEach((name, i) => writeFileSync(join(root, "cifar", `${name}.bin`), new Uint8Array(3073).fill(i, 1)));
    const list = await listImages(cifar10.open({ data: join(root, "cifar"), seed: 0, trainImages: 2 }));
    const digest = (name: string) => sha256(join(root, "cifar", name));
    const named = cifar.map((name) => `${name}.bin`);
    assertEquals(rows(list?.text), named.map((name) => [name, "3073", "-", digest(name)]));

    mkdirSync(join(root, "stl"));
    for (const name of ["unlabeled_X", "train_X", "test_X"]) {
      writeFileSync(join(root, "stl", `${name}.bin`), new Uint8Array(27648));
    }
    for (const name of ["train_y", "test_y"]) writeFileSync(join(root, "stl", `${name}.bin`), Uint8Array.of(1));
    const stl = await listImages(stl10.open({ data: join(root, "stl"), seed: 0 }));
    const files = ["unlabeled_X.bin", "train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin"];
    assertEquals(rows(stl?.text).map(([path]) => path), files);
    assertEquals(await listImages(shapes.open({ seed: 0, trainImages: 10, testImages: 10 })), null);
  }));

Deno.test("the first row that differs is described as it was and as it is", () => {
  const list = (...paths: string[]) =>
    ["path\tsize\tlabel\tchecksum", ...paths.map((path) => `${path}\t9\t0\tabc`), ""].join("\n");
  assertEquals(firstDifference(list("x", "y"), list("x", "y")), null);
  assertEquals(
    firstDifference(list("x", "y"), list("x", "z")),
    "row 2 of images.tsv was y (9 bytes, label 0, checksum abc), and is z (9 bytes, label 0, checksum abc)",
  );
  assertMatch(firstDifference(list("x"), list("x", "y")) ?? "", /^row 2 of images\.tsv was no image, and is y /);
  assertMatch(firstDifference(list("x", "y"), list("x")) ?? "", /^row 2 .* was y .*, and is no image$/);
});
