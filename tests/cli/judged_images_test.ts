/**
 * Tests of `sluice evaluate` on images that are not the run's own, and on images without labels.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { shapes } from "../../src/data/mod.ts";
import { encodePng } from "../../src/formats/mod.ts";
import { writeClassTree, writeDamagedPng, writePng } from "../data/image_files.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, runSluice } from "./run_sluice.ts";

const tiny = ["--width", "4", "--projector", "8", "--batch", "8", "--epochs", "1", "--eval-every", "0"];
const machine = ["--device", "cpu", "--precision", "f32", "--threads", "1"];

/** Trains a tiny run of both networks. */
async function train(run: string, ...given: string[]): Promise<void> {
  await assertSucceeds(["pretrain", ...tiny, ...machine, ...given, "--out", run, "--quiet"]);
}

/** Trains a tiny run on images without labels. */
async function trainUnlabelled(folder: string): Promise<{ readonly run: string; readonly photos: string }> {
  const [run, photos] = [join(folder, "run"), join(folder, "photos")];
  for (let image = 0; image < 12; image++) writePng(join(photos, `${image}.png`), 20, 24, image);
  await train(run, "--dataset", "images", "--data", photos, "--image-size", "16");
  return { run, photos };
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** The names of a run's evaluations on other images. */
function othersOf(run: string): string[] {
  return readdirSync(join(run, "evaluations")).filter((name) => name.endsWith(".json")).toSorted();
}

Deno.test(
  "a run without labels is evaluated on its own images, on labelled ones, and on others without labels",
  withFolder(async (folder) => {
    const { run, photos } = await trainUnlabelled(folder);
    const [flowers, more] = [join(folder, "flowers"), join(folder, "more", "photos")];
    writeClassTree(flowers, ["rose", "tulip"], { train: 9, test: 3 });
    for (let image = 0; image < 5; image++) writePng(join(more, "deep", `${image}.png`), 30, 20, 50 + image);
    const evaluate = async (...given: string[]) => {
      return JSON.parse(await assertSucceeds(["evaluate", run, ...given, "--threads", "1", "--json"]));
    };
    const own = await evaluate();
    const keys = ["run", "step", "precision", "networks", "budgetMissed", "references"];
    assertEquals(Object.keys(own), keys);
    assertEquals(Object.keys(own.networks), ["dense", "gated"]);
    assertEquals(Object.keys(own.networks.gated), ["cost", "parts", "channels", "effectiveRank"]);
    assertEquals(own.references.rawPixels, {});
    const file = join(run, "evaluation.json");
    const bytes = readFileSync(file);
    assertEquals(JSON.parse(bytes.toString()), own);
    const text = await assertSucceeds(["evaluate", run, "--threads", "1", "--network", "dense"]);
    assertMatch(text, /^network +effective rank +MACs +cost share\ndense /);
    assertNotMatch(text, /NN|probe|raw pixels|gated/);
    await evaluate();
    assertEquals(readFileSync(file), bytes, "an evaluation repeats its numbers");
    const speed = readFileSync(join(run, "speed.json"));

    const labelled = await evaluate("--dataset", "folder", "--data", flowers);
    assertEquals(Object.keys(labelled), [...keys, "data"]);
    const { digest } = labelled.data;
    assertEquals(labelled.data, { dataset: "folder", folder: "flowers", digest, images: { train: 18, test: 6 } });
    for (const network of [labelled.networks.dense, labelled.references.untrained.gated]) {
      assert(network.knn20 >= 0 && network.linear.top1 >= 0);
    }
    const name = `folder-flowers-${digest.slice(0, 8)}`;
    const path = join(run, "evaluations", `${name}.json`);
    assertEquals(JSON.parse(readFileSync(path, "utf8")), labelled);
    const unlabelled = await evaluate("--dataset", "images", "--data", more, "--network", "gated");
    assertEquals(unlabelled.data.images, { train: 5 });
    assertEquals(Object.keys(unlabelled.networks.gated), ["cost", "parts", "channels", "effectiveRank"]);
    const again = await evaluate("--dataset", "images", "--data", photos, "--network", "gated");
    assertEquals(again.networks.gated, own.networks.gated, "the run's own images have the same numbers as others'");
    assertEquals(again.data.digest, sha256(join(run, "images.tsv")));
    assertStrictEquals(again.budgetMissed, null);
    assertEquals(othersOf(run).length, 3, "both folders are called photos, and have files of their own");
    assertEquals(readdirSync(join(run, "evaluations")).length, 3 + 2 + 2 + 1 + 1);
    assertEquals(readFileSync(file), bytes, "the run's own evaluation stays");
    assertEquals(readFileSync(join(run, "speed.json")), speed);

    const before = readFileSync(path);
    const moved = join(folder, "elsewhere", "flowers");
    mkdirSync(join(folder, "elsewhere"));
    renameSync(flowers, moved);
    const { stderr } = await runSluice(["evaluate", run, "--threads", "1", "--dataset", "folder", "--data", moved]);
    assert(stderr.endsWith(`${path} holds the result\n`), stderr);
    assertEquals(readFileSync(path), before, "the same images have the same file and numbers wherever they are");
    assertEquals(before.toString().split(folder).length - 1, 1, "only the run has a path");
    writePng(join(moved, "test", "rose", "new.png"), 20, 20, 99);
    await evaluate("--dataset", "folder", "--data", moved, "--protocol", "knn");
    assertEquals(othersOf(run).length, 4);
    assertEquals(readFileSync(path), before);
  }),
);

Deno.test(
  "other images get the size, the mean and the deviation of the run's own, and give the features of the run's own",
  withFolder(async (folder) => {
    const [run, tree] = [join(folder, "run"), join(folder, "tree")];
    await train(run, "--train-images", "30", "--test-images", "20", "--seed", "3");
    const drawn = shapes.open({ seed: 3, trainImages: 30, testImages: 20 });
    for (const [split, { images, labels, count }] of Object.entries(drawn.labelled)) {
      for (let image = 0; image < count; image++) {
        const place = join(tree, split, drawn.classes[labels[image] ?? 0] ?? "");
        mkdirSync(place, { recursive: true });
        const pixels = images.slice(image * 3072, (image + 1) * 3072);
        const name = `${String(image).padStart(3, "0")}.png`;
        writeFileSync(join(place, name), encodePng({ width: 32, height: 32, pixels }));
      }
    }
    const evaluate = async (...given: string[]) => {
      const args = ["evaluate", run, "--threads", "1", "--protocol", "knn", ...given, "--json"];
      return JSON.parse(await assertSucceeds(args));
    };
    const own = await evaluate();
    const { networks, references } = await evaluate("--dataset", "folder", "--data", tree);
    for (const pass of ["dense", "gated"]) {
      for (const [found, expected] of [[networks, own.networks], [references.untrained, own.references.untrained]]) {
        const { cost, ...accuracies } = found[pass];
        assert(Math.abs(cost.share - expected[pass].cost.share) < 1e-12);
        assertEquals([accuracies.knn1, accuracies.knn20], [expected[pass].knn1, expected[pass].knn20]);
        assertEquals(accuracies.channels, expected[pass].channels);
      }
    }
    assertEquals(references.rawPixels, own.references.rawPixels);
    const stored = readFileSync(join(run, "evaluation.json"));
    // A run on image files of another size takes drawn images in its own size.
    const files = join(folder, "files");
    await train(files, "--dataset", "folder", "--data", tree, "--image-size", "20", "--mode", "vanilla");
    const masks = ["--protocol", "knn,linear", "--probe", "augmented"];
    const small = JSON.parse(
      await assertSucceeds([
        "evaluate",
        files,
        "--threads",
        "1",
        "--dataset",
        "folder",
        "--data",
        tree,
        ...masks,
        "--json",
      ]),
    );
    assertEquals(Object.keys(small.networks), ["dense"]);
    assert(small.networks.dense.cost.macs < own.networks.dense.cost.macs);
    assertEquals(readFileSync(join(run, "evaluation.json")), stored);
  }),
);

Deno.test(
  "the slim network that other images judge is the run's own, which its own images cut",
  withFolder(async (folder) => {
    const [run, flowers] = [join(folder, "run"), join(folder, "flowers")];
    await train(run, "--train-images", "24", "--test-images", "8");
    writeClassTree(flowers, ["rose", "tulip"], { train: 6, test: 3 });
    const evaluate = async (...given: string[]) => {
      const args = ["evaluate", run, "--threads", "1", "--protocol", "knn", "--network", "slim", "--cost", "0.6"];
      return JSON.parse(await assertSucceeds([...args, ...given, "--json"])).networks.slim;
    };
    const own = await evaluate();
    const other = await evaluate("--dataset", "folder", "--data", flowers);
    assertEquals([other.kept, other.cost], [own.kept, own.cost]);
    assert(readdirSync(join(run, "evaluations")).some((name) => /^folder-flowers-.*-slim\.png$/.test(name)));
    await assertSucceeds(["report", run, "-o", join(folder, "page.html")]);
    assertStrictEquals(readFileSync(join(folder, "page.html"), "utf8").match(/<img /g)?.length, 2);
  }),
);

Deno.test(
  "damaged images of other data are named, and are no part of the run",
  withFolder(async (folder) => {
    const [run, flowers] = [join(folder, "run"), join(folder, "flowers")];
    await train(run, "--train-images", "8", "--test-images", "4", "--mode", "vanilla");
    writeClassTree(flowers, ["rose"], { train: 6, test: 3 });
    writeDamagedPng(join(flowers, "test", "rose", "cut.png"), 24, 20);
    writeFileSync(join(flowers, "train", "rose", "text.png"), "no image");
    const args = ["evaluate", run, "--threads", "1", "--dataset", "folder", "--data", flowers, "--protocol", "knn"];
    const { status, stderr, stdout } = await runSluice(args);
    assertEquals(status, 0, stderr);
    assertMatch(stderr, /^left out \S+cut\.png: /m);
    assertMatch(stderr, /^2 damaged images were left out; sluice data verify names them$/m);
    assertMatch(stdout, /^on other images: folder flowers, 6 train, 4 test, digest [0-9a-f]{8}\n\nnetwork +1-NN/);
    assert(!existsSync(join(run, "skipped.jsonl")));
    assert(!existsSync(join(run, "evaluation.json")), "the run itself has not been evaluated");
    assert(!existsSync(join(run, "speed.json")));
  }),
);

Deno.test(
  "what cannot be judged is refused in one line, and nothing is written",
  withFolder(async (folder) => {
    const { run, photos } = await trainUnlabelled(folder);
    const [plain, single, empty] = ["plain", "single", "empty"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const name of ["x", "y"]) writePng(join(plain, name, "0.png"), 20, 20, 1);
    writeClassTree(single, ["x"], { train: 3, test: 1 });
    mkdirSync(empty);
    const refused = (args: readonly string[], message: RegExp) => assertRefused(["evaluate", run, ...args], message);
    const remedy = "leave --protocol out, or give --dataset NAME --data DIR, a data set that has them";
    await refused(
      ["--protocol", "knn"],
      new RegExp(`--protocol knn: data set images has no labelled test images; ${remedy}`),
    );
    await refused(
      ["--probe-seeds", "3"],
      /--probe-seeds 3: data set images has no labelled test images; leave --probe-/,
    );
    await refused(
      ["--protocol", "linear", "--dataset", "images", "--data", photos],
      /--protocol linear: data set images has no labelled test images/,
    );
    await refused(
      ["--protocol", "knn", "--dataset", "folder", "--data", plain],
      /--protocol knn: data set folder has no labelled test images/,
    );
    await refused(
      ["--protocol", "knn,masks", "--dataset", "folder", "--data", single],
      /protocol masks: exchanges masks between images, and data set folder has a single test image; leave masks out/,
    );
    await refused(["--dataset", "flowers"], /there is no data set "flowers": choose one of shapes, cifar10, /);
    await refused(["--dataset", "folder"], /data set folder needs --data: give --data DIR/);
    await refused(["--dataset", "images", "--data", join(folder, "none")], /none does not exist: give --data/);
    await refused(["--dataset", "images", "--data", empty], /empty has no image/);
    await refused(["--dataset", "shapes", "--data", photos], /shapes is drawn by code and reads no folder: remove/);
    await assertRefused(
      ["evaluate", run, "--dataset", "cifar10"],
      /data set cifar10 is not in \S+: run `sluice data fetch cifar10`/,
      { SLUICE_DATA: empty },
    );
    assert(!existsSync(join(run, "evaluations")));
    symlinkSync(empty, join(run, "evaluations"));
    await refused(["--dataset", "images", "--data", photos], /run\/evaluations: is a link and must be a folder/);
    assertEquals(readdirSync(empty), []);
    assert(!existsSync(join(run, "evaluation.json")));
  }),
);

Deno.test(
  "the report shows other images in a section of their own, with pictures, and needs no data",
  withFolder(async (folder) => {
    const { run, photos } = await trainUnlabelled(folder);
    const flowers = join(folder, "flowers");
    writeClassTree(flowers, ["rose", "tulip"], { train: 9, test: 3 });
    const evaluate = ["evaluate", run, "--threads", "1", "--quiet"];
    await assertSucceeds([...evaluate, "--dataset", "folder", "--data", flowers]);
    Deno.removeSync(flowers, { recursive: true });
    const page = async () => {
      await assertSucceeds(["report", run, "-o", join(folder, "page.html")]);
      return readFileSync(join(folder, "page.html"), "utf8");
    };
    const first = await page();
    assertMatch(first, /This run has not been evaluated; to evaluate it: sluice evaluate/);
    assertMatch(first, /No run has been evaluated yet/);
    assertNotMatch(first, /id="nearest-title"/);
    assertStrictEquals(first.match(/<img /g)?.length, 2, "a picture for each network");
    await assertSucceeds(evaluate);
    Deno.removeSync(photos, { recursive: true });
    const second = await page();
    assertMatch(second, /The images have no labels, so there is no accuracy\./);
    assertMatch(second, /<h2 id="nearest-title">Nearest images<\/h2>/);
    assertStrictEquals(second.match(/<img [^>]*alt="\d images in the first column, /g)?.length, 4);
    const [own = "", others = ""] = second.split('<section aria-labelledby="others-title">');
    assertMatch(others, /folder flowers/);
    assertNotMatch(own, /flowers/);
    assertMatch(own, /<button type="button">effective rank<\/button>/);
  }),
);
