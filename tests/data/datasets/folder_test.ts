// Tests of data sets of image files: class folders, including ImageNet-100's, and folders without classes.
import { assert, assertEquals, assertInstanceOf, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type DatasetOptions, datasetSource, folder, imagenet100, images } from "../../../src/data/mod.ts";
import { InvalidInputError } from "../../../src/errors.ts";
import { withTree, writeClassTree, writeDamagedPng, writePng } from "../image_files.ts";

function refused(name: string, data: string | undefined, message: RegExp, options: Partial<DatasetOptions> = {}): void {
  const given = data === undefined ? {} : { data };
  const error = assertThrows(() => datasetSource(name).open({ seed: 0, ...given, ...options }), InvalidInputError);
  assertMatch(error.message, message);
  assert(!error.message.includes("\n"));
}

/** The paths of a set, relative to a folder. */
function below(root: string, { paths }: { readonly paths: readonly string[] }): string[] {
  return paths.map((path) => path.slice(root.length + 1));
}

Deno.test("class folders get labels in the order of their names, and files keep their sizes", () =>
  withTree((root) => {
    writeClassTree(root, ["cat", "Dog", "bird"], { train: 3, test: 2 });
    // Images in subfolders belong to the class; files of other formats do not count.
    writePng(join(root, "train", "bird", "more", "0.PNG"), 5, 9, 1);
    writeFileSync(join(root, "train", "bird", "notes.txt"), "no image");
    const { classes, pretraining, labelled, skipped } = folder.open({ data: root, seed: 0, imageSize: 16 });
    assertEquals(classes, ["Dog", "bird", "cat"]);
    assertStrictEquals(labelled?.train, pretraining);
    assertEquals([pretraining.count, pretraining.height, pretraining.width], [10, 16, 16]);
    assertEquals([...(labelled?.train.labels ?? [])], [0, 0, 0, 1, 1, 1, 1, 2, 2, 2]);
    assertEquals([...(labelled?.test.labels ?? [])], [0, 0, 1, 1, 2, 2]);
    assertStrictEquals(below(root, pretraining)[6], join("train", "bird", "more", "0.PNG"));
    assertEquals([...pretraining.sizes.subarray(12, 14)], [5, 9]);
    assertEquals([...pretraining.sizes.subarray(2, 4)], [21, 23]);
    assertEquals(skipped, []);
  }));

Deno.test("a class list chooses the class folders and the order of the labels", () =>
  withTree((root) => {
    writeClassTree(root, ["a", "b", "c"], { train: 2, test: 1 });
    const classList = join(root, "classes.txt");
    writeFileSync(classList, "c\n\n a \n");
    const { classes, labelled } = folder.open({ data: root, seed: 0, classList });
    assertEquals(classes, ["c", "a"]);
    assertEquals(below(root, labelled?.test ?? { paths: [] }), ["test/c/000.png", "test/a/000.png"]);
    writeFileSync(classList, "c\nd\n");
    refused("folder", root, /train has no folder d, which --class-list .*classes\.txt lists/, { classList });
    writeFileSync(classList, "c\nc\n");
    refused("folder", root, /lists c twice/, { classList });
    writeFileSync(classList, "c/\na//\n");
    const listed = folder.open({ data: root, seed: 0, classList });
    assertEquals(listed.classes, ["c", "a"], "as `ls -p` lists them");
    assertMatch(listed.origin?.selection?.line ?? "", /1 other folder ignored \(b\)/);
    for (const path of ["..", ".", "../test", "a/../b", "/a"]) {
      writeFileSync(classList, `c\n${path}\n`);
      const message = new RegExp(`--class-list .*: ${RegExp.escape(path)} is a path; give names of folders in .*train`);
      refused("folder", root, message, { classList });
    }
    writeFileSync(classList, "\n");
    refused("folder", root, /is empty; give folder names/, { classList });
    refused("folder", root, /nowhere: cannot be read/, { classList: join(root, "nowhere") });
  }));

Deno.test("val is read like test, and class folders without train are all trained on", () =>
  withTree((root) => {
    writePng(join(root, "train", "a", "0.png"), 8, 8, 0);
    writePng(join(root, "val", "a", "0.png"), 8, 8, 1);
    assertEquals(folder.open({ data: root, seed: 0 }).labelled?.test.count, 1);
    const { labelled, pretraining, classes } = folder.open({ data: join(root, "train"), seed: 0 });
    assertEquals([labelled, pretraining.count, classes], [null, 1, ["a"]]);
  }));

Deno.test("fewer images are spread over all classes", () =>
  withTree((root) => {
    writeClassTree(root, ["a", "b", "c"], { train: 4, test: 3 });
    const { labelled } = folder.open({ data: root, seed: 0, trainImages: 6, testImages: 3 });
    assertEquals([...(labelled?.train.labels ?? [])], [0, 0, 1, 1, 2, 2]);
    assertEquals([...(labelled?.test.labels ?? [])], [0, 1, 2]);
    refused("folder", root, /train-images 13 .* 1 to 12/, { trainImages: 13 });
  }));

Deno.test("a folder without classes is read at any depth and has no labels", () =>
  withTree((root) => {
    for (const [index, path] of ["2.png", "b/1.png", "a/deep/0.png"].entries()) writePng(join(root, path), 8, 8, index);
    const { pretraining, labelled, classes } = images.open({ data: root, seed: 0 });
    assertEquals(below(root, pretraining), ["2.png", "a/deep/0.png", "b/1.png"]);
    assertEquals([labelled, classes, pretraining.labels, pretraining.height], [null, [], null, 224]);
    refused("images", root, /--test-images 1: images has no labelled test images/, { testImages: 1 });
    refused("images", root, /--class-list x: images has no classes/, { classList: "x" });
  }));

Deno.test("files with damaged headers are skipped and reported, or refused with strict", () =>
  withTree((root) => {
    writeClassTree(root, ["a", "b"], { train: 3, test: 1 });
    const [text, gone] = [join(root, "train", "a", "001.png"), join(root, "train", "b", "x.jpg")];
    writeFileSync(text, "this is no image");
    symlinkSync(join(root, "nowhere"), gone);
    const { pretraining, labelled, skipped } = folder.open({ data: root, seed: 0 });
    assertEquals(skipped.map(({ path }) => path), [text, gone]);
    assertMatch(skipped[0]?.reason ?? "", /neither JPEG nor PNG/);
    assertMatch(skipped[1]?.reason ?? "", /cannot be opened: No such file/);
    assertEquals(pretraining.count, 5);
    assertEquals([...(labelled?.train.labels ?? [])], [0, 0, 1, 1, 1]);
    assertEquals([...pretraining.sizes.subarray(2, 4)], [22, 22], "sizes go with their files");
    refused("folder", root, /001\.png: .*neither JPEG nor PNG, and 1 more file is damaged; remove or repair the file/, {
      strict: true,
    });
    writeDamagedPng(join(root, "only", "damaged.png"), 8, 8);
    writeFileSync(join(root, "only", "damaged.png"), "");
    refused("images", join(root, "only"), /damaged\.png: .*; give other images/);
  }));

Deno.test("missing, empty and inconsistent folders are refused in one line", () =>
  withTree((root) => {
    writeClassTree(root, ["a", "b"], { train: 1, test: 1 });
    mkdirSync(join(root, "train", "empty"));
    refused("folder", root, /test has no folder empty, which .*train has/);
    mkdirSync(join(root, "test", "empty"));
    refused("folder", root, /empty has no image: add \.jpg, \.jpeg or \.png files, or remove the folder/);
    writePng(join(root, "train", "empty", "0.png"), 4, 4, 0);
    writePng(join(root, "test", "empty", "0.png"), 4, 4, 0);
    writePng(join(root, "test", "other", "0.png"), 4, 4, 0);
    refused("folder", root, /train has no folder other, which .*test has/);
    refused("folder", undefined, /give --data DIR/);
    refused("images", undefined, /give --data DIR/);
    refused("folder", join(root, "nowhere"), /nowhere does not exist/);
    refused("images", join(root, "nowhere"), /nowhere does not exist/);
    refused("images", join(root, "train", "a", "000.png"), /000\.png is not a folder/);
    mkdirSync(join(root, "none"));
    refused("folder", join(root, "none"), /none has no class folders/);
    refused("images", join(root, "none"), /none has no image/);
  }));

Deno.test("a link to a folder that contains it is refused, and any other link is followed", () =>
  withTree((root) => {
    writePng(join(root, "train", "a", "0.png"), 4, 4, 0);
    symlinkSync(join(root, "train", "a"), join(root, "train", "b"));
    assertEquals(folder.open({ data: root, seed: 0 }).pretraining.count, 2);
    symlinkSync(join(root, "train"), join(root, "train", "a", "loop"));
    refused(
      "folder",
      root,
      /a\/loop is a link to a folder that contains it: remove the link/,
    );
    refused("images", root, /is a link to a folder that contains it: remove the link/);
    symlinkSync(join(root, "two"), join(root, "train", "a", "out"));
    mkdirSync(join(root, "two"));
    symlinkSync(join(root, "train", "a"), join(root, "two", "back"));
    rmSync(join(root, "train", "a", "loop"));
    refused("folder", root, /a\/out\/back is a link to a folder that contains it/);
    symlinkSync("self", join(root, "self"));
    writePng(join(root, "plain", "0.png"), 4, 4, 0);
    symlinkSync("itself.png", join(root, "plain", "itself.png"));
    assertEquals(images.open({ data: join(root, "plain"), seed: 0 }).skipped.length, 1);
  }));

Deno.test("ImageNet-100 reads its hundred classes from ImageNet's folders", () =>
  withTree((root) => {
    const listed = [...new Set(missingClasses(root))];
    assertEquals(listed.length, 100);
    for (const synset of [...listed, "n00000000"]) {
      writePng(join(root, "imagenet", "train", synset, "0.png"), 4, 6, 1);
      writePng(join(root, "imagenet", "val", synset, "0.png"), 4, 6, 2);
    }
    const { classes, labelled, mean } = imagenet100.open({ data: root, seed: 0 });
    assertEquals(classes, [...listed].sort());
    assertEquals([labelled?.train.count, labelled?.test.count, mean[0]], [100, 100, 0.485]);
    refused("imagenet100", join(root, "nowhere"), /imagenet100 is not in .*nowhere: download ILSVRC 2012/);
  }));

/** Finds the classes of ImageNet-100, by creating each folder that it reports as missing. */
function missingClasses(root: string): string[] {
  const asked: string[] = [];
  mkdirSync(join(root, "probe", "train"), { recursive: true });
  for (;;) {
    try {
      imagenet100.open({ data: join(root, "probe"), seed: 0 });
    } catch (error) {
      assertInstanceOf(error, InvalidInputError);
      const missing = /has no folder (n\d{8}),/.exec(error.message)?.[1];
      if (missing === undefined) return asked;
      asked.push(missing);
      mkdirSync(join(root, "probe", "train", missing));
    }
  }
}
