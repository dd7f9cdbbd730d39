/**
 * Tests of which files and folders count as images and classes, and of the report on the others.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf, assertMatch, assertThrows } from "@std/assert";
import { dirname, join } from "@std/path";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { type DatasetSource, datasetSource, type FileImages, verifyDataset } from "../../src/data/mod.ts";
import { selfCommand } from "../../cli/self.ts";
import { folderError } from "../../src/data/folder_error.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { withTree, writeClassTree, writePng } from "./image_files.ts";

function write(folder: string, ...parts: string[]): void {
  const path = join(folder, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "other");
}

function open(data: string, name = "folder", classList?: string) {
  return datasetSource(name).open({ seed: 0, data, ...(classList === undefined ? {} : { classList }) });
}

function lineOf(data: string, name?: string, classList?: string): string {
  return open(data, name, classList).origin?.selection?.line ?? "";
}

function refused(data: string, message: RegExp, name?: string): void {
  const error = assertThrows(() => open(data, name), InvalidInputError);
  assertMatch(error.message, message);
  assert(!error.message.includes("\n"));
}

Deno.test("files of other formats are counted by extension, the most frequent first", () =>
  withTree((root) => {
    writeClassTree(root, ["a", "b"], { train: 2, test: 1 });
    for (let i = 0; i < 7; i++) write(root, "train", "a", `${i}.webp`);
    for (const name of ["x.GIF", "y.gif", "notes", "archive.tar.gz"]) write(root, "train", "b", "deep", name);
    write(root, "test", "a", "z.heic");
    assertEquals(
      lineOf(root),
      "folder: 6 images in 2 classes (a, b); 12 other files ignored (7 .webp, 2 .gif, 1 .gz, 1 .heic, 1 without an ending); " +
        "4 train, 2 test",
    );
    const { selection, problems } = verifyDataset(datasetSource("folder") as DatasetSource, root);
    assertEquals(selection?.ignored, { ".webp": 7, ".gif": 2, ".gz": 1, ".heic": 1, "without an ending": 1 });
    assertEquals(problems, []);
  }));

Deno.test("images outside class folders and folders beside the splits are also counted", () =>
  withTree((root) => {
    writeClassTree(root, ["a"], { train: 2, test: 1 });
    writePng(join(root, "train", "stray.png"), 4, 4, 0);
    writePng(join(root, "val", "a", "0.png"), 4, 4, 0);
    write(root, "README.md");
    assertEquals(
      lineOf(root),
      "folder: 3 images in 1 class (a); 2 other files ignored (1 .md, 1 .png outside class folders); " +
        "1 other folder ignored (val); 2 train, 1 test",
    );
  }));

Deno.test("classes that are not in the class list are reported as ignored", () =>
  withTree((root) => {
    writeClassTree(root, ["a", "b", "c"], { train: 2, test: 1 });
    const list = join(root, "list");
    writeFileSync(list, "b\n");
    assertEquals(
      lineOf(root, "folder", list),
      "folder: 3 images in 1 class (b); 1 other file ignored (1 without an ending); 2 other folders ignored (a, c); " +
        "2 train, 1 test",
    );
  }));

Deno.test("hidden entries and those of operating systems count as no class and no image at any place", () =>
  withTree((root) => {
    writeClassTree(root, ["a", "b"], { train: 2, test: 1 });
    const folders = [
      ".ipynb_checkpoints",
      "__MACOSX",
      "@eaDir",
      "lost+found",
      "$RECYCLE.BIN",
      "System Volume Information",
    ];
    for (const name of folders) writePng(join(root, "train", name, "0.png"), 4, 4, 0);
    for (const name of folders) writePng(join(root, "test", "a", name, "0.png"), 4, 4, 0);
    for (const name of ["._000.png", ".x.jpg", "Thumbs.db", "desktop.ini", ".DS_Store"]) {
      write(root, "train", "b", name);
    }
    mkdirSync(join(root, "__MACOSX"));
    const { classes, labelled } = open(root);
    assertEquals([classes, labelled?.train.count, labelled?.test.count], [["a", "b"], 4, 2]);
    assertMatch(lineOf(root), /; 0 other files ignored; 18 hidden or system entries skipped; 4 train, 2 test$/);
    const plain = open(join(root, "train"), "images");
    assertEquals(plain.pretraining.count, 4);
    assertMatch(plain.origin?.selection?.line ?? "", /^images: 4 images; .* 11 hidden or system entries skipped$/);
  }));

Deno.test("class folders without a split are all trained on, and the summary says so", () =>
  withTree((root) => {
    for (const name of ["a", "b"]) writePng(join(root, name, "0.png"), 4, 4, 0);
    const { labelled, pretraining } = open(root);
    assertEquals([labelled, pretraining.count], [null, 2]);
    assertMatch(
      lineOf(root),
      /^folder: 2 images in 2 classes \(a, b\); .*; there is no folder train: all class folders /,
    );
  }));

Deno.test("a missing or misnamed split is refused instead of being read as a class", () =>
  withTree((root) => {
    const has = (tree: string, ...folders: string[]) => {
      for (const folder of folders) writePng(join(root, tree, folder, "a", "0.png"), 4, 4, 0);
      return join(root, tree);
    };
    refused(
      has("1", "test"),
      /1 has a folder test but no folder train: put .* in .*1\/train, or give --data .*1\/test/,
    );
    refused(has("2", "val", "b"), /has a folder val but no folder train/);
    refused(has("3", "Train", "test"), /3\/Train is not read under this name: rename it to train/);
    refused(has("4", "train", "validation"), /4\/validation is not read under this name: rename it to test/);
    refused(has("5", "training_set", "a"), /5\/training_set is not read/);
    refused(has("6", "TEST"), /6\/TEST is not read/);
    refused(has("7", "train", "Training"), /7\/Training is not read under this name: rename it to train/);
    has("9/photographs", "train", "val");
    refused(
      join(root, "9"),
      /9\/photographs contains folders train and val, and would be read as one class: give --data .*9\/photographs, or, if it/,
    );
    const whole = has("8", "train", "test", "validation");
    assertMatch(lineOf(whole), /1 other folder ignored \(validation\)/);
  }));

Deno.test("a dead link in place of a class is refused, and elsewhere it is counted", () =>
  withTree((root) => {
    writeClassTree(root, ["a"], { train: 2, test: 1 });
    symlinkSync(join(root, "gone"), join(root, "train", "a", "more"));
    assertMatch(lineOf(root), /1 other file ignored \(1 dead link\)/);
    symlinkSync(join(root, "gone"), join(root, "train", "b"));
    refused(
      root,
      /train\/b is a link whose target is missing or may not be accessed, in place of a class folder: point it/,
    );
    symlinkSync(join(root, "gone"), join(root, "gone-train"));
    mkdirSync(join(root, "tree"));
    symlinkSync(join(root, "gone"), join(root, "tree", "train"));
    refused(join(root, "tree"), /tree\/train is a link whose target is missing/);
    symlinkSync("itself", join(root, "test", "itself"));
    Deno.removeSync(join(root, "train", "b"));
    refused(root, /test\/itself is a link whose target is missing/);
  }));

Deno.test("a dead link in place of a split is refused, and beside the split that is read it is counted", () =>
  withTree((root) => {
    writeClassTree(root, ["a"], { train: 2, test: 1 });
    symlinkSync(join(root, "gone"), join(root, "val"));
    assertMatch(lineOf(root), /1 other file ignored \(1 dead link\); 2 train, 1 test$/);
    Deno.renameSync(join(root, "test"), join(root, "kept"));
    refused(root, /\/val is a link whose target is missing .*: point it to the folder of the test images, or/);
    Deno.renameSync(join(root, "kept"), join(root, "test"));
    Deno.renameSync(join(root, "train"), join(root, "kept"));
    symlinkSync("train", join(root, "train"));
    refused(root, /\/train is a link whose target is missing .*: point it to the folder of the training images, or/);
    Deno.removeSync(join(root, "train"));
    Deno.renameSync(join(root, "kept"), join(root, "train"));
    Deno.removeSync(join(root, "val"));
    Deno.renameSync(join(root, "test"), join(root, "val"));
    symlinkSync(join(root, "gone"), join(root, "test"));
    refused(root, /\/test is a link whose target is missing/);
  }));

Deno.test("a class with only other formats is refused, and the message says what it contains", () =>
  withTree((root) => {
    writeClassTree(root, ["a"], { train: 1, test: 1 });
    for (const split of ["train", "test"]) for (const i of [1, 2, 3]) write(root, split, "b", `${i}.webp`);
    refused(root, /train\/b has no image \(but 3 \.webp; only JPEG and PNG are read\): add \.jpg, \.jpeg or \.png/);
    refused(
      join(root, "train", "b"),
      /has no image \(but 3 \.webp; only JPEG and PNG are read\): give --data/,
      "images",
    );
    refused(
      join(root, "train", "a"),
      /has no class folders: .*, or give --dataset images to train without classes$/,
    );
  }));

Deno.test("classes with names that look alike are refused, within a split and between two", () =>
  withTree((root) => {
    const [composed, decomposed] = ["\u00e9", "e\u0301"];
    writeClassTree(join(root, "one"), [composed, decomposed], { train: 1, test: 1 });
    refused(join(root, "one"), /two class folders that look alike, .*\("e\\u0301"\) and .*\("\\u00e9"\): merge them/);
    writePng(join(root, "two", "train", composed, "0.png"), 4, 4, 0);
    writePng(join(root, "two", "test", decomposed, "0.png"), 4, 4, 0);
    refused(
      join(root, "two"),
      /has no folder .*\("\\u00e9"\), only a folder that looks the same, .*\("e\\u0301"\): spell both/,
    );
    writeClassTree(join(root, "three"), ["a", "a "], { train: 1, test: 1 });
    refused(join(root, "three"), /look alike, a \("a"\) and a {2}\("a "\)/);
    for (const unseen of ["\u200b", "\ufe0f", "\u00ad", "\u3164"]) {
      const tree = join(root, `with ${unseen.codePointAt(0)}`);
      writeClassTree(tree, ["a", `a${unseen}`], { train: 1, test: 1 });
      refused(tree, /two class folders that look alike, a \("a"\) and .*\("a\\u[0-9a-f]{4}"\)/);
    }
  }));

Deno.test("a name that is not UTF-8 is refused for a folder or an image", () =>
  withTree((root) => {
    writeClassTree(root, ["a"], { train: 1, test: 1 });
    const make = (command: string) => {
      const { success } = new Deno.Command("sh", { args: ["-c", command, "sh", root] }).outputSync();
      assert(success);
    };
    make(`printf x > "$1/train/a/$(printf 'note\\377.txt')"`);
    assertMatch(lineOf(root), /1 other file ignored \(1 \.txt\)/);
    make(`printf x > "$1/train/a/$(printf 'x\\376.png')"`);
    refused(root, /train\/a\/x\ufffd\.png: the name is not UTF-8 .*; rename it, for example with convmv/);
    make(`rm "$1"/train/a/x*; mkdir "$1/train/$(printf 'b\\377')"`);
    refused(root, /train\/b\ufffd: the name is not UTF-8/);
    make(`rm -r "$1"/train/b*`);
    writePng(join(root, "train", "a", "\ufffd.png"), 4, 4, 0);
    assertEquals(open(root).pretraining.count, 2, "the character itself is a name like any other");
  }));

Deno.test("an unreadable folder is reported by name with a suitable remedy", () => {
  const denied = folderError("data/train/a", new Deno.errors.PermissionDenied("Permission denied (os error 13)"));
  assertEquals(
    denied.message,
    "data/train/a cannot be read by this user: add permission to read and search it (u+rx), or move the folder out of the data",
  );
  assertInstanceOf(denied, InvalidInputError);
  assertMatch(
    folderError("d", new Error("Input/output error (os error 5)")).message,
    /^d cannot be read \(the disk reports an error\): check its disk/,
  );
});

/** Whether the tests can start a process that lacks root's right to read everything. */
const canDrop = Deno.build.os === "linux" && Deno.uid() === 0 &&
  new Deno.Command("sh", { args: ["-c", "command -v setpriv"], stdout: "null" }).outputSync().success;

Deno.test(
  `an unreadable folder and an unreadable file are reported by name, and lost+found is skipped${
    canDrop ? "" : " (skipped: needs root and setpriv)"
  }`,
  { ignore: !canDrop },
  () =>
    withTree((root) => {
      writeClassTree(root, ["a", "b"], { train: 2, test: 1 });
      const verify = () => {
        const args = ["--bounding-set=-dac_override,-dac_read_search", ...selfCommand(), "data", "verify", "folder"];
        const ended = new Deno.Command("setpriv", { args: [...args, "--data", root] }).outputSync();
        return new TextDecoder().decode(ended.code === 2 ? ended.stderr : ended.stdout);
      };
      mkdirSync(join(root, "train", "lost+found"));
      chmodSync(join(root, "train", "lost+found"), 0);
      chmodSync(join(root, "train", "b", "000.png"), 0);
      assertMatch(
        verify(),
        /^folder: 5 images in 2 classes \(a, b\).*\n.*\n! .*b\/000\.png: cannot be opened: Permission denied\n$/,
      );
      mkdirSync(join(root, "train", "a", "deep"));
      chmodSync(join(root, "train", "a", "deep"), 0);
      assertMatch(
        verify(),
        /^sluice: .*train\/a\/deep cannot be read by this user: add permission to read and search it \(u\+rx\), or move/,
      );
    }),
);

Deno.test("a name with a line break is reported in one line", () =>
  withTree((root) => {
    writeClassTree(root, ["a\nb"], { train: 1, test: 1 });
    assertMatch(lineOf(root), /in 1 class \(a\\nb\); 0 other files ignored/);
    const { paths } = open(root).pretraining as FileImages;
    assert(paths[0]?.includes("a\nb"));
  }));
