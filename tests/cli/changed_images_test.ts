/**
 * Tests of resuming a run after its images have changed.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readSafetensors, writeSafetensors } from "../../src/formats/mod.ts";
import { writeClassTree, writePng } from "../data/image_files.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, runSluice } from "./run_sluice.ts";

const tiny = ["--width", "4", "--stem", "imagenet", "--projector", "8", "--batch", "8", "--epochs", "1"];
const small = ["--device", "cpu", "--precision", "f32", "--threads", "1", "--mode", "vanilla", "--eval-every", "0"];
const accept = "--accept-changed-images";

interface Trained {
  readonly data: string;
  readonly run: string;
  /** The command that resumes the run for one more epoch. */
  readonly longer: readonly string[];
  readonly list: string;
}

/** Trains one epoch on class folders. */
async function trained(folder: string): Promise<Trained> {
  const [data, run] = [join(folder, "data"), join(folder, "run")];
  writeClassTree(data, ["a", "b"], { train: 4, test: 2 });
  const args = ["pretrain", "--dataset", "folder", "--data", data, "--image-size", "16", ...tiny, ...small];
  await assertSucceeds([...args, "--out", run, "--quiet"]);
  const longer = ["pretrain", "--resume", run, "--epochs", "2", "--stretch-schedule"];
  return { data, run, longer, list: join(run, "images.tsv") };
}

/** The state in a run's last checkpoint. */
function stateOf(run: string): Record<string, unknown> {
  const { metadata } = readSafetensors(join(run, "checkpoints", "last.safetensors"));
  return JSON.parse(metadata.state ?? "{}") as Record<string, unknown>;
}

/** Changes of images, each with the difference that the message names. */
const changes: readonly (readonly [name: string, change: (data: string) => void, difference: RegExp])[] = [
  ["a class is renamed", (data) => {
    for (const split of ["train", "test"]) renameSync(join(data, split, "a"), join(data, split, "z"));
  }, /row 1 of images\.tsv was train\/a\/000\.png \(.*, and is train\/b\/000\.png /],
  ["a file is renamed", (data) => {
    renameSync(join(data, "train", "b", "001.png"), join(data, "train", "b", "001x.png"));
  }, /row 6 of images\.tsv was train\/b\/001\.png \(.*, and is train\/b\/001x\.png /],
  ["a file's contents change but not its size", (data) => {
    const path = join(data, "train", "a", "002.png");
    const bytes = readFileSync(path);
    const middle = Math.floor(bytes.length * 0.6);
    bytes[middle] = 255 - (bytes[middle] ?? 0);
    writeFileSync(path, bytes);
  }, /row 3 of images\.tsv was train\/a\/002\.png \((\d+) bytes, .*, and is train\/a\/002\.png \(\1 bytes, /],
  ["two files are exchanged", (data) => {
    const [one, other] = ["000.png", "001.png"].map((name) => join(data, "train", "a", name)) as [string, string];
    renameSync(one, `${one}.old`);
    renameSync(other, one);
    renameSync(`${one}.old`, other);
  }, /row 1 of images\.tsv was train\/a\/000\.png .*, and is train\/a\/000\.png /],
  [
    "a test image is replaced",
    (data) => writePng(join(data, "test", "b", "001.png"), 9, 9, 5),
    /row 12 .*test\/b\/001/,
  ],
  ["a test image is added", (data) => writePng(join(data, "test", "b", "002.png"), 9, 9, 5), /row 13 .* was no image/],
];

Deno.test(
  "resuming is refused if a class or a file was renamed, replaced or exchanged, among the test images too",
  withFolder(async (folder) => {
    const { data, run, longer, list } = await trained(folder);
    const [before, config] = [readFileSync(list, "utf8"), readFileSync(join(run, "config.yaml"), "utf8")];
    for (const [name, change, difference] of changes) {
      const changed = join(folder, name);
      cpSync(data, changed, { recursive: true });
      change(changed);
      await assertRefused([...longer, "--data", changed], difference);
    }
    assertStrictEquals(readFileSync(list, "utf8"), before, "nothing is written");
    assertStrictEquals(readFileSync(join(run, "config.yaml"), "utf8"), config);
    // The same images in another folder are accepted.
    cpSync(data, join(folder, "moved"), { recursive: true });
    await assertSucceeds([...longer, "--data", join(folder, "moved"), "--quiet"]);
    assertStrictEquals(readFileSync(list, "utf8"), before);
  }),
);

Deno.test(
  "a run resumes with changed images if the flag accepts them, with a warning that its bits differ",
  withFolder(async (folder) => {
    const { data, run, longer, list } = await trained(folder);
    const { imageList } = stateOf(run);
    renameSync(join(data, "train", "a", "000.png"), join(data, "train", "a", "000x.png"));
    await assertRefused(
      longer,
      /run: the images differ from the checkpoint's: .*; put them back, give --data their folder, or add --accept-changed/,
    );
    const { status, stderr } = await runSluice([...longer, accept]);
    assertEquals(status, 0, stderr);
    assertMatch(stderr, /images changed \(row 1 of .*\): the run resumes, but not bit for bit/);
    assertMatch(readFileSync(list, "utf8"), /^path\tsize\tlabel\tchecksum\ntrain\/a\/000x\.png\t/);
    assertNotStrictEquals(stateOf(run)["imageList"], imageList);
    // The checkpoint now records the changed images.
    await assertSucceeds(["pretrain", "--resume", run, "--epochs", "3", "--stretch-schedule", "--quiet"]);
    await assertRefused(
      ["pretrain", "--out", join(folder, "new"), accept],
      /--accept-changed-images: is for a run that resumes/,
    );
  }),
);

Deno.test(
  "the flag also accepts another number of images",
  withFolder(async (folder) => {
    const { data, run, longer } = await trained(folder);
    for (let i = 0; i < 3; i++) writePng(join(data, "train", "b", `9${i}.png`), 20, 20, i);
    await assertRefused(
      longer,
      /is of a run on 8 training images, and there are 11; .*\(row 9 of images\.tsv was test\/a/,
    );
    await assertSucceeds([...longer, accept, "--quiet"]);
    assertEquals(stateOf(run)["images"], 11);
  }),
);

Deno.test(
  "a missing image list is written again if the images match the checkpoint, and an edited list does not hide a change",
  withFolder(async (folder) => {
    const { data, run, longer, list } = await trained(folder);
    const before = readFileSync(list, "utf8");
    rmSync(list);
    await assertSucceeds([...longer, "--quiet"]);
    assertStrictEquals(readFileSync(list, "utf8"), before);
    renameSync(join(data, "train", "a", "000.png"), join(data, "train", "a", "000x.png"));
    writeFileSync(list, before.replace("a/000.png", "a/000x.png"));
    const again = ["pretrain", "--resume", run, "--epochs", "3", "--stretch-schedule"];
    await assertRefused(again, /the list of its images, images\.tsv, is gone or changed/);
  }),
);

Deno.test(
  "a run of an earlier version without an image list is checked by the number of images, and gets a list",
  withFolder(async (folder) => {
    const { data, run, longer, list } = await trained(folder);
    const path = join(run, "checkpoints", "last.safetensors");
    const { tensors, metadata } = readSafetensors(path);
    const { imageList: _imageList, ...state } = stateOf(run);
    writeSafetensors(path, tensors, { ...metadata, state: JSON.stringify(state) }, { checksum: true });
    rmSync(list);
    const config = join(run, "config.yaml");
    writeFileSync(config, readFileSync(config, "utf8").replace(/^images: [^]*$/m, ""));
    const [one, other] = ["000.png", "000x.png"].map((name) => join(data, "train", "a", name)) as [string, string];
    const added = join(data, "train", "b", "004.png");
    writePng(added, 20, 20, 3);
    await assertRefused(
      longer,
      /is of a run on 8 training images, and there are 9; give --data the folder of the images it/,
    );
    rmSync(added);
    renameSync(one, other);
    await assertSucceeds([...longer, "--quiet"]);
    assertMatch(readFileSync(list, "utf8"), /^train\/a\/000x\.png\t/m);
    assertMatch(readFileSync(config, "utf8"), /^images: "?folder: 12 images in 2 classes/m);
    renameSync(other, one);
    await assertRefused(
      ["pretrain", "--resume", run, "--epochs", "3", "--stretch-schedule"],
      /row 1 of images\.tsv was train\/a\/000x\.png /,
    );
  }),
);

Deno.test(
  "a data set of a few files is checked by their contents",
  withFolder(async (folder) => {
    const [data, run] = [join(folder, "cifar"), join(folder, "run")];
    mkdirSync(data);
    const names = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"];
    const file = (name: string) => join(data, `${name}.bin`);
    const content = (seed: number) =>
      Uint8Array.from({ length: 4 * 3073 }, (_, i) => i % 3073 === 0 ? i % 2 : (i * seed) % 251);
    names.forEach((name, i) => writeFileSync(file(name), content(i + 1)));
    const args = ["pretrain", "--dataset", "cifar10", "--data", data, ...tiny, ...small, "--quiet"];
    await assertSucceeds([...args, "--out", run]);
    const longer = ["pretrain", "--resume", run, "--epochs", "2", "--stretch-schedule", "--quiet"];
    writeFileSync(file("test_batch"), content(9));
    await assertRefused(longer, /row 6 of images\.tsv was test_batch\.bin \(12292 bytes, label -, checksum /);
    writeFileSync(file("test_batch"), content(6));
    await assertSucceeds(longer);
  }),
);

Deno.test(
  "a run on drawn images has no image list",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const args = ["--train-images", "16", "--test-images", "8", "--quiet"];
    await assertSucceeds(["pretrain", ...tiny, ...small, ...args, "--out", run]);
    assert(!existsSync(join(run, "images.tsv")));
    assertEquals(stateOf(run)["imageList"], undefined);
    await assertSucceeds(["pretrain", "--resume", run, "--epochs", "2", "--stretch-schedule", "--quiet"]);
  }),
);
