/**
 * Tests of damaged images: the outcome is the same whether the header or the pixels are damaged.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotEquals, assertNotMatch, assertStrictEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { writeClassTree, writeDamagedPng } from "../data/image_files.ts";
import { withFolder } from "../folders.ts";
import { assertSucceeds, finish, runSluice } from "./run_sluice.ts";

const tiny = ["--width", "4", "--stem", "imagenet", "--projector", "8", "--batch", "8", "--epochs", "1"];
const small = ["--device", "cpu", "--precision", "f32", "--threads", "1", "--mode", "vanilla", "--image-size", "16"];

/** Writes a text file under an image's name; its header reveals it. */
function writeText(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "no image");
}

/** Opening the data set finds a damaged header; decoding the file finds damaged pixels. */
const kinds = [["headers", writeText], ["pixels", (path: string) => writeDamagedPng(path, 20, 20)]] as const;

function pretrain(data: string, run: string, ...more: string[]): string[] {
  return ["pretrain", "--dataset", "folder", "--data", data, ...tiny, ...small, ...more, "--out", run];
}

/** Paths in a run's `skipped.jsonl`. */
function skippedOf(run: string): string[] {
  const lines = readFileSync(join(run, "skipped.jsonl"), "utf8").trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as { path: string }).path).sort();
}

for (const [kind, damage] of kinds) {
  Deno.test(
    `a class whose ${kind} are all damaged stops neither a run nor its evaluation, and every command names the files`,
    withFolder(async (folder) => {
      const [data, run] = [join(folder, "data"), join(folder, "run")];
      writeClassTree(data, ["a", "c"], { train: 8, test: 4 });
      const damaged = ["train/b/0.png", "train/b/1.png", "test/b/0.png"].map((name) => join(data, name));
      damaged.forEach(damage);
      // The run sees all 16 or 18 images, because batches of 2 leave none over.
      const { status, stderr } = await runSluice(pretrain(data, run, "--batch", "2", "--eval-every", "0"));
      assertEquals(status, 0, stderr);
      assertMatch(stderr, /left out .*train\/b\/0\.png: /);
      assertNotMatch(stderr, /--strict/);

      const evaluated = await runSluice(["evaluate", run, "--threads", "1", "--protocol", "knn"]);
      assertEquals(evaluated.status, 0, evaluated.stderr);
      assertMatch(evaluated.stderr, /left out .*test\/b\/0\.png: .*\n/);
      assertMatch(evaluated.stderr, /3 damaged images were left out; .*skipped\.jsonl names them/);
      assertEquals(skippedOf(run), [...damaged].sort());

      const out = join(folder, "test.npy");
      const embedded = JSON.parse(
        await assertSucceeds(["embed", run, "test", "--out", out, "--threads", "1", "--json"]),
      ) as {
        images: number;
        skipped: { path: string }[];
      };
      assertEquals(embedded.images, 8);
      assert(embedded.skipped.some(({ path }) => path === damaged[2]));

      const verified = await runSluice(["data", "verify", "folder", "--data", data, "--json"]);
      assertEquals(verified.status, 1);
      const { problems } = JSON.parse(verified.stdout) as { problems: string[] };
      assertEquals(problems.map((problem) => problem.split(": ")[0]).sort(), [...damaged].sort());
    }),
  );

  Deno.test(
    `a strict run and commands on it name a remedy for damaged ${kind}`,
    withFolder(async (folder) => {
      const [data, run] = [join(folder, "data"), join(folder, "run")];
      writeClassTree(data, ["a"], { train: 8, test: 4 });
      await assertSucceeds(pretrain(data, run, "--strict", "--eval-every", "0", "--quiet"));
      damage(join(data, "test", "a", "001.png"));
      const remedy =
        /a\/001\.png: .*; remove or repair the file, or start a run without --strict, which skips damaged files\n$/;
      const { status, stderr } = await runSluice(["evaluate", run, "--threads", "1", "--protocol", "knn", "--quiet"]);
      assertStrictEquals(status, kind === "headers" ? 2 : 1);
      assertMatch(stderr, remedy);
      const longer = ["pretrain", "--resume", run, "--epochs", "2", "--stretch-schedule", "--quiet"];
      const resumed = await runSluice(longer);
      assertEquals(resumed.status, 2);
      assertMatch(resumed.stderr, kind === "headers" ? remedy : /row 10 of images\.tsv was test\/a\/001\.png/);
    }),
  );

  Deno.test(
    `ten of many damaged ${kind} are named and all are counted`,
    withFolder(async (folder) => {
      const [data, run] = [join(folder, "data"), join(folder, "run")];
      writeClassTree(data, ["a"], { train: 8, test: 2 });
      for (let i = 0; i < 24; i++) damage(join(data, "train", "a", `bad${i}.png`));
      const { status, stderr } = await runSluice(pretrain(data, run, "--batch", "4", "--eval-every", "1"));
      assertEquals(status, 0, stderr);
      assertEquals(stderr.match(/^left out /gm)?.length, 10);
      assertMatch(stderr, /^24 damaged images were left out; .*skipped\.jsonl names them$/m);
      assertEquals(skippedOf(run).length, 24);
      const verified = await runSluice(["data", "verify", "folder", "--data", data]);
      assertEquals(verified.stdout.match(/^! .*bad/gm)?.length, 10);
      assertMatch(verified.stdout, /^! and 14 more problems; --json lists all of them$/m);
    }),
  );

  Deno.test(
    `a data set whose ${kind} are all damaged cannot be trained on, and is verified file by file`,
    withFolder(async (folder) => {
      const data = join(folder, "data");
      for (const split of ["train", "test"]) for (let i = 0; i < 8; i++) damage(join(data, split, "a", `${i}.png`));
      const { status, stderr } = await runSluice(pretrain(data, join(folder, "run"), "--quiet"));
      assertNotEquals(status, 0);
      assertMatch(stderr, /^sluice: .*\.png: .*; give other images\n$/);
      const verified = await runSluice(["data", "verify", "folder", "--data", data, "--json"]);
      assertEquals(verified.status, 1);
      assertEquals((JSON.parse(verified.stdout) as { problems: string[] }).problems.length, 16);
    }),
  );
}

Deno.test(
  "too few file descriptors do not count as damage, neither while listing folders nor in the reading threads",
  { ignore: Deno.build.os === "windows" },
  withFolder(async (folder) => {
    writeClassTree(folder, ["a"], { train: 40, test: 40 });
    const helper = new URL("../data/few_descriptors.ts", import.meta.url).pathname;
    const left = async (descriptors: number, workers: number) => {
      const run = `ulimit -n 128; exec "$0" run --quiet --no-prompt -A "$@"`;
      const args = ["-c", run, Deno.execPath(), helper, folder, String(descriptors), String(workers)];
      return (await finish("bash", args, {})).stdout;
    };
    const sentence =
      /^TooManyOpenFilesError: .* cannot be opened: as many files are open as are allowed; allow more \(ulimit -n 4096\)/;
    assertMatch(await left(0, 1), sentence);
    assertEquals(await left(8, 1), "0\n");
    // More threads than descriptors: the error depends on timing, but no image counts as damaged.
    assertMatch(await left(1, 16), /^(TooManyOpenFilesError: .*|0)\n$/);
  }),
);
