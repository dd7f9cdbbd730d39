/**
 * Tests of a run's folder of evaluations: names, what reads back, damage, links, and other runs at the path.
 *
 * @module
 */
import {
  assertEquals,
  assertIsError,
  assertMatch,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { resolveConfig } from "../../src/config/mod.ts";
import { folder as classFolders, images as imageFiles, shapes } from "../../src/data/mod.ts";
import { InvalidInputError, LostFolderError } from "../../src/errors.ts";
import { encodePng } from "../../src/formats/mod.ts";
import {
  dataLabel,
  describeData,
  type EvaluatedData,
  type Evaluation,
  evaluationName,
  EvaluationsFolder,
  listImages,
  onOtherImages,
  RunFolder,
} from "../../src/run/mod.ts";
import { writeClassTree } from "../data/image_files.ts";
import { withFolder } from "../folders.ts";

const config = resolveConfig({ preset: "demo", flags: {} });
const cost = { macs: 5, share: 0.5 };
const evaluation: Evaluation = {
  run: "run",
  step: 7,
  networks: { gated: { knn20: 50, cost, parts: [] } },
  budgetMissed: 0.2,
  references: { rawPixels: { knn20: 30 }, untrained: {} },
};
const digest = "0123456789abcdef".repeat(4);
const data: EvaluatedData = { dataset: "folder", folder: "flowers", digest, images: { train: 8, test: 4 } };
const picture = { width: 2, height: 1, pixels: Uint8Array.from([1, 2, 3, 4, 5, 6]) };
const nearest = { rows: [["a.png", "b.png"]], picture };

Deno.test("the name of an evaluation is made of data set, folder and digest, and fits every file system", () => {
  assertStrictEquals(evaluationName(data), "folder-flowers-01234567");
  assertStrictEquals(evaluationName({ ...data, dataset: "cifar10", folder: null }), "cifar10-01234567");
  assertStrictEquals(evaluationName({ ...data, folder: "my flowers\n/ü" }), "folder-my_flowers_ü-01234567");
  assertStrictEquals(evaluationName({ ...data, folder: "é".normalize("NFD") }), "folder-é-01234567");
  const long = evaluationName({ ...data, folder: "花".repeat(200) });
  assertEquals(new TextEncoder().encode(long).length < 160, true, long);
  assertEquals([dataLabel(data), dataLabel({ ...data, folder: null })], ["folder flowers", "folder"]);
});

Deno.test(
  "the digest of image files is that of their list, wherever they are, and changes with any image",
  withFolder(async (root) => {
    const [one, copy] = [join(root, "a", "flowers"), join(root, "b", "flowers")];
    for (const place of [one, copy]) writeClassTree(place, ["x", "y"], { train: 4, test: 2 });
    const open = (path: string) => classFolders.open({ seed: 0, data: path, imageSize: 16 });
    const found = await describeData(open(one), one);
    const list = await listImages(open(one));
    assertEquals(found, {
      dataset: "folder",
      folder: "flowers",
      digest: createHash("sha256").update(list?.text ?? "").digest("hex"),
      images: { train: 8, test: 4 },
    });
    assertEquals(await describeData(open(copy), `${copy}/`), found);
    rmSync(join(copy, "test", "x", "000.png"));
    const changed = await describeData(open(copy), copy);
    assertNotEquals(evaluationName(changed), evaluationName(found));
    assertEquals([changed.folder, changed.images], ["flowers", { train: 8, test: 3 }]);
    const unlabelled = await describeData(imageFiles.open({ seed: 0, data: one, imageSize: 16 }), "/");
    assertEquals([unlabelled.dataset, unlabelled.folder, unlabelled.images], ["images", null, { train: 12 }]);
  }),
);

Deno.test("the digest of drawn images is that of their pixels", async () => {
  const describe = (seed: number) => describeData(shapes.open({ seed, trainImages: 4, testImages: 2 }), null);
  const [first, again, other] = [await describe(0), await describe(0), await describe(1)];
  assertEquals(first, again);
  assertMatch(first.digest, /^[0-9a-f]{64}$/);
  assertNotEquals(first.digest, other.digest);
  assertEquals([first.folder, first.images], [null, { train: 4, test: 2 }]);
});

Deno.test(
  "evaluations and pictures read back, and the run's own evaluation stays",
  withFolder((root) => {
    const run = RunFolder.create(join(root, "run"), config, {});
    const folder = new EvaluationsFolder(run);
    assertEquals([folder.read(), folder.readPicture("own", "dense", 7)], [[], null]);
    run.writeEvaluation({ ...evaluation, step: 3 });
    const own = readFileSync(join(run.path, "evaluation.json"));
    const other = { ...data, dataset: "cifar10", folder: null };
    for (const one of [data, other, data]) folder.write(onOtherImages(evaluation, one));
    folder.writePicture(data, "gated", 7, nearest);
    folder.writePicture(null, "dense", 7, nearest);
    assertEquals(folder.read(), [
      { ...evaluation, name: "cifar10-01234567", data: other, budgetMissed: null },
      { ...evaluation, name: "folder-flowers-01234567", data, budgetMissed: null },
    ]);
    assertEquals(readFileSync(join(run.path, "evaluation.json")), own);
    assertStrictEquals(folder.pathOf(data), join(run.path, "evaluations", "folder-flowers-01234567.json"));
    assertEquals(readdirSync(join(run.path, "evaluations")).toSorted(), [
      "cifar10-01234567.json",
      "folder-flowers-01234567-gated.png",
      "folder-flowers-01234567.json",
      "own-dense.png",
    ]);
    assertEquals(folder.readPicture("own", "dense", 7)?.rows, nearest.rows);
    assertEquals(folder.readPicture("folder-flowers-01234567", "gated", 7)?.rows, nearest.rows);
    assertEquals(folder.readPicture("own", "dense", 8), null, "of another step");
    assertEquals(folder.readPicture("own", "gated", 7), null);
  }),
);

Deno.test(
  "a damaged evaluation or picture is refused by name with the remedy",
  withFolder((root) => {
    const run = RunFolder.create(join(root, "run"), config, {});
    const folder = new EvaluationsFolder(run);
    folder.write(onOtherImages(evaluation, data));
    const refused = (use: () => unknown, message: RegExp) =>
      assertIsError(assertThrows(use), InvalidInputError, message);
    const whole = readFileSync(folder.pathOf(data), "utf8");
    writeFileSync(folder.pathOf(data), whole.slice(0, 40));
    refused(() => folder.read(), /01234567\.json: is damaged: it holds no JSON object; remove the file and run sluice/);
    writeFileSync(folder.pathOf(data), whole.replace(digest, "0123"));
    refused(
      () => folder.read(),
      /01234567\.json: is damaged: data\.digest is missing or wrong; remove the file and run/,
    );
    folder.writePicture(null, "dense", 7, nearest);
    const path = join(run.path, "evaluations", "own-dense.png");
    const read = () => folder.readPicture("own", "dense", 7);
    const png = readFileSync(path);
    writeFileSync(path, png.subarray(0, 60));
    refused(read, /own-dense\.png: is damaged: it is truncated; remove the file and run sluice evaluate again$/);
    writeFileSync(path, "no picture");
    refused(read, /own-dense\.png: is damaged: it is not a PNG file; /);
    writeFileSync(path, encodePng(picture));
    refused(read, /own-dense\.png: is damaged: it has no names of images; /);
    Deno.truncateSync(path, 17 << 20);
    refused(read, /own-dense\.png: is damaged: it is larger than any picture that sluice writes; /);
  }),
);

Deno.test(
  "links are neither read nor written, nor is the folder of another run",
  withFolder((root) => {
    const path = join(root, "run");
    const run = RunFolder.create(path, config, {});
    const [inside, victim] = [join(path, "evaluations"), join(root, "victim")];
    const folder = new EvaluationsFolder(run);
    mkdirSync(inside);
    writeFileSync(victim, "precious");
    for (const name of ["folder-flowers-01234567.json", "own-dense.png"]) symlinkSync(victim, join(inside, name));
    const uses = [
      () => folder.read(),
      () => folder.write(onOtherImages(evaluation, data)),
      () => folder.readPicture("own", "dense", 7),
      () => folder.writePicture(null, "dense", 7, nearest),
    ];
    for (const use of uses) assertThrows(use, InvalidInputError, ": is a link and must be a file", String(use));
    rmSync(inside, { recursive: true });
    mkdirSync(join(root, "elsewhere"));
    symlinkSync(join(root, "elsewhere"), inside);
    for (const use of uses) assertThrows(use, InvalidInputError, "evaluations: is a link and must be a folder");
    assertThrows(() => new EvaluationsFolder(run), InvalidInputError, "evaluations: is a link");
    rmSync(inside);
    writeFileSync(inside, "");
    assertThrows(() => new EvaluationsFolder(run), InvalidInputError, "evaluations: is not a folder; remove it");
    assertEquals([readFileSync(victim, "utf8"), readdirSync(join(root, "elsewhere"))], ["precious", []]);
    rmSync(path, { recursive: true });
    RunFolder.create(path, { ...config, seed: 4 }, {});
    const lost = /evaluations\/folder-flowers-01234567\.json is not written/;
    assertIsError(assertThrows(() => folder.write(onOtherImages(evaluation, data))), LostFolderError, lost);
    assertEquals(readdirSync(path).includes("evaluations"), false);
  }),
);
