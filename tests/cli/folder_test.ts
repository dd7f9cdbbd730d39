/**
 * Tests of commands on folders of image files.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { Buffer } from "node:buffer";
// @ts-types="../../src/types/pngjs.d.ts"
import { PNG } from "pngjs";
import { writeClassTree, writeDamagedPng } from "../data/image_files.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, runSluice } from "./run_sluice.ts";

const tiny = ["--width", "4", "--stem", "imagenet", "--projector", "8", "--batch", "8", "--epochs", "2"];
const small = ["--image-size", "16", "--device", "cpu", "--precision", "f32", "--threads", "1"];

function linesOf(path: string): Record<string, unknown>[] {
  return readFileSync(path, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
}

Deno.test(
  "a run on class folders leaves out damaged files, names them, and can be evaluated",
  withFolder(async (folder) => {
    const [data, run] = [join(folder, "tree"), join(folder, "run")];
    writeClassTree(data, ["a", "b"], { train: 10, test: 4 });
    const [text, cut] = [join(data, "train", "a", "text.png"), join(data, "train", "b", "cut.png")];
    writeFileSync(text, "no image");
    writeDamagedPng(cut, 24, 20);
    const args = ["pretrain", "--dataset", "folder", "--data", data, ...tiny, ...small, "--budget", "0.9"];
    const { status, stderr } = await runSluice([...args, "--no-drop-last", "--out", run]);
    assertEquals(status, 0, stderr);
    assertMatch(stderr, /left out .*a\/text\.png: .*neither JPEG nor PNG/);
    assertMatch(stderr, /left out .*b\/cut\.png: .*(truncated|damaged)/);
    assertMatch(stderr, /2 damaged images were left out; .*skipped\.jsonl names them/);
    assertEquals(linesOf(join(run, "skipped.jsonl")).map(({ path }) => path).sort(), [text, cut].sort());
    const steps = linesOf(join(run, "metrics.jsonl")).filter(({ loss }) => loss !== undefined);
    // 21 images: two full batches of 8 and one of 5, in each of two epochs.
    assertEquals(steps.length, 6);
    assert(steps.every(({ wait }) => typeof wait === "number" && wait >= 0));

    const evaluation = await assertSucceeds(["evaluate", run, "--threads", "1", "--json"]);
    const { networks, references } = JSON.parse(evaluation) as {
      networks: Record<string, Record<string, number>>;
      references: { rawPixels: Record<string, number> };
    };
    assert(Number.isFinite(networks["gated"]?.["knn20"]) && Number.isFinite(references.rawPixels["knn20"]));

    const again = join(folder, "again");
    await assertSucceeds([...args, "--no-drop-last", "--workers", "3", "--out", again, "--quiet"]);
    const weights = (path: string) => readFileSync(join(path, "checkpoints", "last.safetensors"));
    assertEquals(weights(again), weights(run), "the number of reading threads does not change the weights");

    const strict = [...args, "--strict", "--out", join(folder, "strict")];
    await assertRefused(strict, /text\.png: .*remove or repair the file, or start a run without --strict/);
    Deno.removeSync(text);
    const stopped = await runSluice(strict);
    assertEquals(stopped.status, 1);
    assertMatch(stopped.stderr, /cut\.png: .*remove or repair the file, or start a run without --strict/);
  }),
);

Deno.test(
  "a run on images without classes trains, and is evaluated without accuracies",
  withFolder(async (folder) => {
    const [data, run] = [join(folder, "tree"), join(folder, "run")];
    writeClassTree(data, ["a"], { train: 10, test: 6 });
    const args = ["pretrain", "--dataset", "images", "--data", data, ...tiny, ...small, "--mode", "vanilla"];
    const { status, stderr } = await runSluice([...args, "--out", run]);
    assertEquals(status, 0, stderr);
    assertMatch(stderr, /images has no labelled images: the run is not evaluated/);
    const { networks, references } = JSON.parse(await assertSucceeds(["evaluate", run, "--json"]));
    assertEquals(Object.keys(networks.dense), ["cost", "parts", "effectiveRank"]);
    assertEquals([references.rawPixels, Object.keys(references.untrained)], [{}, ["dense"]]);
  }),
);

Deno.test(
  "data verify checks folders image by image, and data preview shows them",
  withFolder(async (folder) => {
    const data = join(folder, "tree");
    writeClassTree(data, ["a", "b"], { train: 4, test: 2 });
    const verify = ["data", "verify", "folder", "--data", data];
    assertMatch(await assertSucceeds(verify), /^folder: 8 train, 4 test images, every file is well formed$/m);
    writeDamagedPng(join(data, "test", "b", "cut.png"), 20, 20);
    const { status, stdout } = await runSluice([...verify, "--json"]);
    assertEquals(status, 1);
    const { images, problems } = JSON.parse(stdout) as { images: object; problems: string[] };
    assertEquals(images, { train: 8, test: 5 });
    assertMatch(problems.join("\n"), /^[^\n]*b\/cut\.png: [^\n]*$/);

    const out = join(folder, "views.png");
    await assertSucceeds([
      "data",
      "preview",
      "folder",
      "--data",
      data,
      "--image-size",
      "48",
      "--images",
      "3",
      "--out",
      out,
    ]);
    const { width, height } = PNG.sync.read(Buffer.from(readFileSync(out)));
    assertEquals([width, height], [3 * (96 + 2) + 2, 3 * (96 + 2) + 2]);
  }),
);

Deno.test(
  "faults of folders are refused in one line before anything is written",
  withFolder(async (folder) => {
    const data = join(folder, "tree");
    writeClassTree(data, ["a", "b"], { train: 8, test: 1 });
    const pretrain = (
      ...args: string[]
    ) => ["pretrain", "--dataset", "folder", ...tiny, ...args, "--out", join(folder, "run")];
    await assertRefused(pretrain(), /data set folder needs --data: give --data DIR/);
    await assertRefused(pretrain("--data", join(folder, "none")), /none does not exist: give --data/);
    await assertRefused(
      pretrain("--data", data, "--image-size", "0"),
      /--image-size 0: give a whole number from 1 to 4096/,
    );
    await assertRefused(
      pretrain("--data", data, "--workers", "300"),
      /--workers 300: give a whole number from 0 to 256/,
    );
    await assertRefused(pretrain("--data", data, "--class-list", "gone"), /--class-list gone: cannot be read/);
    await assertRefused(
      ["pretrain", "--dataset", "shapes", "--image-size", "8", "--out", join(folder, "run")],
      /--image-size 8: the images of shapes have a fixed size/,
    );
    await assertRefused(pretrain("--data", data, "--batch", "17"), /--batch 17: there are only 16 training images/);
    mkdirSync(join(data, "train", "c"));
    await assertRefused(pretrain("--data", data), /test has no folder c/);
    mkdirSync(join(data, "test", "c"));
    await assertRefused(pretrain("--data", data), /train\/c has no image/);
    symlinkSync(join(data, "train"), join(data, "train", "c", "back"));
    await assertRefused(pretrain("--data", data), /back is a link to a folder that contains it/);
    await assertRefused(["data", "fetch", "imagenet100"], /imagenet100 cannot be fetched: download ILSVRC 2012/);
    await assertRefused(["data", "fetch", "folder"], /folder cannot be fetched: give --data DIR/);
    await assertRefused(["data", "verify", "shapes"], /shapes needs no files/);
    await assertRefused(
      ["bench", "folder", join(folder, "none")],
      /none: there is no such folder; give a folder of image files/,
    );
    assertEquals(readdirSync(folder), ["tree"]);
  }),
);

Deno.test(
  "bench folder and bench loader print their measurements",
  withFolder(async (folder) => {
    const data = join(folder, "tree");
    writeClassTree(data, ["a"], { train: 9, test: 1 });
    const files = JSON.parse(
      await assertSucceeds(["bench", "folder", data, "--image-size", "16", "--threads", "1", "--json"]),
    ) as Record<string, number>;
    assertGreater(files["imagesPerSecond"] ?? 0, 0);
    assertEquals([files["images"], files["side"], files["workers"]], [10, 16, 1]);
    const loader = ["bench", "loader", "--train-images", "16", "--batch", "8", "--width", "4", "--projector", "8"];
    const measured = JSON.parse(
      await assertSucceeds([...loader, "--stem", "imagenet", "--threads", "1", "--json"]),
    ) as Record<string, number>;
    const { viewsPerSecond = NaN, heldViewsPerSecond = NaN, share = NaN } = measured;
    assert(viewsPerSecond > 0 && heldViewsPerSecond > 0 && share > 0);
  }),
);

Deno.test(
  "a run resumes with its images after they were moved, and refuses other images",
  withFolder(async (folder) => {
    const [data, moved, other] = ["tree", "moved", "other"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const run = join(folder, "run");
    writeClassTree(data, ["a", "b"], { train: 10, test: 4 });
    writeClassTree(other, ["a", "b"], { train: 9, test: 4 });
    const args = ["pretrain", "--dataset", "folder", "--data", data, ...tiny, ...small, "--budget", "0.9", "--quiet"];
    await assertSucceeds([...args, "--out", run]);
    Deno.renameSync(data, moved);
    const longer = ["pretrain", "--resume", run, "--epochs", "3", "--stretch-schedule", "--quiet"];
    await assertRefused(
      [...longer, "--data", other],
      /is of a run on 20 training images, and there are 18; give --data .*\(row 10 of images\.tsv was train\/a\/009\.png /,
    );
    await assertSucceeds([...longer, "--data", moved]);
    assert(readFileSync(join(run, "config.yaml"), "utf8").includes(`data: ${moved}\n`));
    await assertSucceeds(["evaluate", run, "--threads", "1", "--protocol", "knn"]);
  }),
);

Deno.test(
  "a run reports at its start which images of its folder it uses, records it, and shows it in the report",
  withFolder(async (folder) => {
    const [data, run] = [join(folder, "data"), join(folder, "run")];
    writeClassTree(data, ["a", "b"], { train: 4, test: 2 });
    const given = ["--dataset", "folder", "--data", data, "--mode", "vanilla", "--eval-every", "0"];
    const pretrain = (out: string) => ["pretrain", ...given, ...tiny, ...small, "--out", out];
    for (let i = 0; i < 3; i++) writeFileSync(join(data, "train", "a", `${i}.webp`), "other");
    const { stderr } = await runSluice(pretrain(run));
    const line = "folder: 12 images in 2 classes (a, b); 3 other files ignored (3 .webp); 8 train, 4 test";
    assert(stderr.startsWith(`${line}\n`), stderr);
    const again = await runSluice(["pretrain", "--config", join(run, "config.yaml"), "--print-config", "--quiet"]);
    assertEquals(again.status, 0, "--config accepts the file with the record");
    const page = join(folder, "page.html");
    await assertSucceeds(["report", run, "--out", page]);
    assert(readFileSync(page, "utf8").includes(line));
    assert((await assertSucceeds(["data", "verify", "folder", "--data", data])).startsWith(`${line}\n`));
    const quiet = await runSluice([...pretrain(join(folder, "quiet")), "--quiet"]);
    assertEquals(quiet.stderr, "");
  }),
);
