/**
 * Tests that run folders of an earlier version still evaluate, resume and finish with the same results.
 *
 * The two runs in `tests/fixtures/runs` were stopped after step 7 of 12, in the middle of an epoch, with AVX2 and one
 * thread. `expected/` has that version's results: evaluated as they are, resumed to the end, and evaluated again.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { cpSync, readFileSync } from "node:fs";
import { writeClassTree } from "../data/image_files.ts";
import { withFolder } from "../folders.ts";
import { assertSucceeds } from "./run_sluice.ts";

const fixtures = new URL("../fixtures/runs/", import.meta.url);
/** The expected results were computed with AVX2; wider vectors add in a different order. */
const environment = { ONEDNN_MAX_CPU_ISA: "AVX2", OMP_WAIT_POLICY: "passive" };
/** The math libraries of processors differ in the last bits of exp and log, and twelve steps amplify the difference. */
const RELATIVE_TOLERANCE = 1e-3;
/** One of 12 test images in percent: two neighbours may be at nearly the same distance. */
const ONE_IMAGE = 100 / 12 + 1e-9;

type Json = { readonly [key: string]: unknown };

/** Asserts that every expected value is in the actual document. Ignores keys that a later version added. */
function assertContains(actual: unknown, expected: unknown, path: string): void {
  if (typeof expected === "number") {
    assert(typeof actual === "number", `${path} is a number`);
    const isAccuracy = /(?:knn1|knn20|linear)$/.test(path);
    const tolerance = isAccuracy ? ONE_IMAGE : RELATIVE_TOLERANCE * Math.max(1, Math.abs(expected));
    assertAlmostEquals(actual, expected, tolerance, `${path}: ${actual} instead of ${expected}`);
  } else if (typeof expected === "object" && expected !== null) {
    for (const [key, value] of Object.entries(expected)) {
      assertContains((actual as Json | undefined)?.[key], value, `${path}.${key}`);
    }
  } else assertStrictEquals(actual, expected, path);
}

function readJson(path: URL | string): Json {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** The numbers of `evaluate --json`, under their names in the fixture. */
function evaluationOf(document: string): Json {
  const { networks }: { networks: Readonly<Record<string, Json>> } = JSON.parse(document);
  return Object.fromEntries(
    Object.entries(networks).map(([name, network]) => {
      const [linear, cost] = [network["linear"] as Json, network["cost"] as Json];
      return [name, { ...network, ...cost, linear: linear["top1"] }];
    }),
  );
}

/** Lines of metrics from a step on, under the fixture's names. */
function metricsFrom(path: string, step: number): Json[] {
  const records: Json[] = readFileSync(path, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
  return records.filter((record) => Number(record["step"]) >= step).map((record) => {
    if (!("networks" in record)) return record;
    const networks = Object.entries(record["networks"] as Readonly<Record<string, Json>>);
    const byName = networks.map(([name, { knn20, cost }]) => [name, { knn20, share: (cost as Json)["share"] }]);
    return { ...record, networks: Object.fromEntries(byName) };
  });
}

for (const name of ["shapes", "folder"]) {
  Deno.test(
    `an earlier version's run on ${name} evaluates, resumes and finishes with the same results`,
    withFolder(async (folder) => {
      const run = join(folder, "run");
      cpSync(new URL(name, fixtures), run, { recursive: true });
      const data: string[] = [];
      if (name === "folder") {
        const tree = join(folder, "data");
        writeClassTree(tree, ["apple", "pear"], { train: 12, test: 6 });
        data.push("--data", tree);
      }
      const expected = readJson(new URL(`expected/${name}.json`, fixtures));
      const evaluate = () => assertSucceeds(["evaluate", run, ...data, "--json", "--quiet"], environment);

      assertContains(evaluationOf(await evaluate()), expected["stopped"], "stopped");
      await assertSucceeds(["pretrain", "--resume", run, ...data, "--quiet"], environment);
      const resumed = metricsFrom(join(run, "metrics.jsonl"), 7);
      assertEquals(resumed.length, (expected["resumed"] as Json[]).length);
      assertContains(resumed, expected["resumed"], "resumed");
      assertContains(evaluationOf(await evaluate()), expected["finished"], "finished");
    }),
  );
}

/** Loss and rotation term of the steps of {@linkcode rotationRun} in the first version. */
const earlierRotation = [
  [40.592503, 0.279596],
  [39.224957, 0.28903],
  [39.870579, 0.38137],
  [40.379387, 0.626912],
  [38.009808, 0.436132],
  [37.653579, 0.501027],
  [40.696606, 0.445873],
  [40.101311, 0.388577],
];

const rotationRun = [
  ...["pretrain", "--rotation", "--width", "4", "--stem", "imagenet", "--budget", "0.7", "--projector", "16"],
  ...["--batch", "8", "--train-images", "16", "--test-images", "8", "--epochs", "4", "--warmup-epochs", "2"],
  ...[
    "--recipe",
    "paper",
    "--budget-rule",
    "default",
    "--lr",
    "0.01",
    "--precision",
    "f32",
    "--threads",
    "1",
    "--seed",
    "1",
    "--eval-every",
    "0",
    "--quiet",
  ],
];

Deno.test(
  "--rotation-head relu repeats the losses of the first version, and the default head starts from another loss",
  withFolder(async (folder) => {
    const steps = async (head: string) => {
      const run = join(folder, head);
      await assertSucceeds([...rotationRun, "--rotation-head", head, "--out", run], environment);
      return metricsFrom(join(run, "metrics.jsonl"), 1).map(({ loss, terms }) => [loss, (terms as Json)["rotation"]]);
    };
    assertContains(await steps("relu"), earlierRotation, "steps");
    const today = await steps("paper");
    assertEquals(today.length, 8);
    assertAlmostEquals(Number(today[0]?.[1]), 0.2634, 1e-3, `without the last relu ${today[0]?.[1]}`);
  }),
);
