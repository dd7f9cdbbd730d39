/**
 * Specs of sweeps: what they say, and the lines of what is wrong in them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { homedir } from "node:os";
import { InvalidInputError } from "../../src/errors.ts";
import { planSweep, SweepSpec } from "../../src/sweep/mod.ts";

function plan(...lines: string[]) {
  return planSweep(SweepSpec.parse("s.yaml", `${lines.join("\n")}\n`));
}

function names(...lines: string[]): string[] {
  return plan(...lines).map(({ name }) => name);
}

function assertRefused(message: RegExp, ...lines: string[]): void {
  assert.throws(() => plan(...lines), (error) => {
    assert.ok(error instanceof InvalidInputError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("a grid is every combination of its values with every seed, the last key changing fastest", () => {
  assert.deepEqual(names("grid:", "  mode: [gated, dual]", "  budget: [0.5, 1]", "seeds: [3, 4]"), [
    "mode=gated,budget=0.5,seed=3",
    "mode=gated,budget=0.5,seed=4",
    "mode=gated,budget=1,seed=3",
    "mode=gated,budget=1,seed=4",
    "mode=dual,budget=0.5,seed=3",
    "mode=dual,budget=0.5,seed=4",
    "mode=dual,budget=1,seed=3",
    "mode=dual,budget=1,seed=4",
  ]);
});

Deno.test("a run's options are those of its combination, of the base, of its preset, and the defaults", () => {
  const [run] = plan("base: {preset: small, epochs: 7}", "grid: {budget: [0.4]}", "seeds: [9]");
  assert.equal(run?.name, "budget=0.4");
  assert.deepEqual(run?.varied, { budget: 0.4 });
  const { width, epochs, budget, seed, weightDecay } = run?.config ?? {};
  assert.deepEqual([width, epochs, budget, seed, weightDecay], [16, 7, 0.4, 9, 1e-4]);
});

Deno.test("options of the command line win over the spec's", () => {
  const spec = SweepSpec.parse("s.yaml", "base: {threads: 3, epochs: 2}\n");
  assert.deepEqual(planSweep(spec, { threads: "1" }).map(({ config }) => [config.threads, config.epochs]), [[1, 2]]);
});

Deno.test("runs without gates are there once, whatever budgets and gates vary", () => {
  assert.deepEqual(names("grid:", "  mode: [vanilla, dual]", "  budget: [0.3, 0.5]", "  gate-temperature: [1]"), [
    "mode=vanilla",
    "mode=dual,budget=0.3,gate-temperature=1",
    "mode=dual,budget=0.5,gate-temperature=1",
  ]);
});

Deno.test("explicit runs have their own names, or those of their options", () => {
  const runs = ["runs:", "  - budget: 0.5", "  - {name: published rule, budget: 0.5, budget-rule: paper}", "  - {}"];
  assert.deepEqual(names(...runs), ["budget=0.5", "published_rule", "run"]);
  assert.deepEqual(names(...runs, "seeds: [0, 7]").slice(2, 4), ["published_rule,seed=0", "published_rule,seed=7"]);
});

Deno.test("names keep the letters of every script, in one spelling", () => {
  assert.deepEqual(names("runs: [{name: 学習}, {name: 評価 2}, {name: größer}, {name: эпохи, lr: 0.3}]"), [
    "学習",
    "評価_2",
    "größer",
    "эпохи",
  ]);
  assert.deepEqual(names(`runs: [{name: "e\u0301t\u00e9"}]`), ["\u00e9t\u00e9"]);
  assert.deepEqual(names("runs: [{name: a/b}, {name: $(rm x)}]"), ["a_b", "_rm_x_"]);
});

Deno.test("a name that no folder may have is refused with its line", () => {
  const refuse = (name: string, message: RegExp) => {
    assertRefused(message, "runs:", "  - {name: fine, lr: 0.1}", `  - {name: ${JSON.stringify(name)}, lr: 0.2}`);
  };
  refuse("..", /^s\.yaml:3: name "\.\.": give a name with a letter or a digit$/);
  refuse(".", /^s\.yaml:3: name "\.": give a name with a letter/);
  refuse("", /^s\.yaml:3: name "": give a name with a letter/);
  refuse("🚀", /^s\.yaml:3: name "🚀": give a name with a letter/);
  refuse(".hidden", /^s\.yaml:3: name "\.hidden": a run's name may not begin with a dot/);
  refuse("x".repeat(300), /^s\.yaml:3: name "x{60}\.\.\.": has 300 bytes, and a folder's name here at most 220;/);
  refuse("学".repeat(80), /name "学{60}\.\.\.": has 240 bytes/);
  assertRefused(/^s\.yaml:2: name "\.\.": give/, "runs:", "  - {name: ..}", "seeds: [1, 2]");
  assertRefused(/^s\.yaml:1: name "data=long_long.*": has 3\d\d bytes/, `grid: {data: [a, ${"long/".repeat(60)}]}`);
});

Deno.test("names that some file systems take for the same are refused", () => {
  const message = (line: number, name: string, other: string) =>
    new RegExp(`^s\\.yaml:${line}: ${name}: is the same folder as run ${other} on file systems that ignore case`);
  assertRefused(message(1, "a", "A"), "runs: [{name: A}, {name: a, lr: 1}]");
  assertRefused(message(2, "ÉTÉ", "été"), "runs: [{name: été},", " {name: ÉTÉ, lr: 1}]");
  assertRefused(message(1, "STRASSE", "straße"), "runs: [{name: straße}, {name: STRASSE, lr: 1}]");
  assertRefused(message(1, "data=x", "data=X"), "grid: {data: [X, x]}");
  // The same letters in two spellings are one name.
  assertRefused(/^s\.yaml:1: é: another run has that name/, `runs: [{name: "\u00e9"}, {name: "e\u0301", lr: 1}]`);
});

Deno.test("aliases and merged mappings stand for what they repeat", () => {
  const runs = plan(
    "base: &all {epochs: 7, lr: 0.1}",
    "runs:",
    "  - &a {name: a, budget: 0.4}",
    "  - {<<: *a, name: b}",
  );
  assert.deepEqual(runs.map(({ name, config }) => [name, config.budget, config.epochs]), [["a", 0.4, 7], [
    "b",
    0.4,
    7,
  ]]);
  assert.deepEqual(names("grid: {budget: &two [0.4, 0.5], width: [4]}", "seeds: [1]"), [
    "budget=0.4,width=4",
    "budget=0.5,width=4",
  ]);
  assertRefused(/^s\.yaml:3: budget 7: give a number/, "base:", "  epochs: 3", "  budget: &b 7", "runs: [{lr: 1}]");
  assertRefused(/^s\.yaml:2: alias \*none: there is no anchor &none before it/, "base:", "  lr: *none");
});

Deno.test("a path in the home folder is that of whoever begins the sweep", () => {
  const [run] = plan("base: {dataset: images, data: ~/photos, class-list: ./~/x, plans: ~}");
  assert.deepEqual(run?.config.data, `${homedir()}/photos`);
  assert.deepEqual(run?.config.classList, `${Deno.cwd()}/~/x`);
  assert.deepEqual(run?.config.plans, null);
  const grid = plan("grid: {data: [~/a, ~/b]}");
  assert.deepEqual(grid.map(({ config }) => config.data), [`${homedir()}/a`, `${homedir()}/b`]);
  assertRefused(/^s\.yaml:2: data ~anna\/photos: home folders of other users/, "runs:", "  - data: ~anna/photos");
});

Deno.test("a spec that varies nothing is one run, and paths are whole", () => {
  const [run, ...others] = plan("base: {dataset: cifar10, data: images}");
  assert.equal(run?.name, "run");
  assert.equal(run?.config.data, `${Deno.cwd()}/images`);
  assert.deepEqual(others, []);
});

Deno.test("evaluation is by k-NN and probe, or as a list of protocols or their options say", () => {
  const judging = (text: string) => SweepSpec.parse("s.yaml", text).contents.evaluate;
  const usual = { protocol: ["knn", "linear"], probe: "cached", "probe-seeds": 1 };
  assert.deepEqual(judging("seeds: [0]"), usual);
  assert.deepEqual(judging("evaluate: [knn]"), { ...usual, protocol: ["knn"] });
  assert.deepEqual(judging("evaluate: {protocol: [linear], probe-seeds: 3}"), {
    ...usual,
    protocol: ["linear"],
    "probe-seeds": 3,
  });
});

Deno.test("what is wrong in a spec is named with its line", () => {
  assertRefused(/^s\.yaml:2: unknown key grd; did you mean grid\?$/, "base: {}", "grd: {budget: [1]}");
  assertRefused(/^s\.yaml:3: unknown key budgt; did you mean budget\?$/, "base:", "  epochs: 3", "  budgt: 1");
  assertRefused(/^s\.yaml:2: unknown key epoch; did you mean epochs\?$/, "grid:", "  epoch: [1]");
  assertRefused(/^s\.yaml:1: grid: give lists by option/, "grid: {}");
  assertRefused(/^s\.yaml:2: grid\.budget: give lists by option/, "grid:", "  budget: []");
  assertRefused(/^s\.yaml:2: grid\.budget: give lists by option/, "grid:", "  budget: 0.3");
  assertRefused(
    /^s\.yaml:4: budget 7: give a number above 0 and at most 1$/,
    "grid:",
    "  budget:",
    "    - 0.3",
    "    - 7",
  );
  assertRefused(/^s\.yaml:2: epochs 1\.5: give a whole number/, "base:", "  epochs: 1.5");
  assertRefused(/^s\.yaml:3: budget=0\.1: another run has that name/, "runs:", "  - budget: 0.1", "  - budget: 0.1");
  assertRefused(/^s\.yaml:3: a: another run has that name/, "runs:", "  - {name: a}", "  - {name: a, budget: 1}");
  assertRefused(/^s\.yaml:3: budget: 0\.1 is there twice/, "grid:", "  budget: [0.1,", "           0.1]");
  assertRefused(/^s\.yaml:1: seeds: 1 is there twice/, "seeds: [1, 1]");
  assertRefused(/^s\.yaml:1: seeds\.0: give a list of different whole numbers/, "seeds: [-1]");
  assertRefused(/^s\.yaml:2: --symmetric: a gated run has no passes/, "base:", "  symmetric: true", "  mode: gated");
  assertRefused(/^s\.yaml:2: preset smal: there is none of that name/, "base:", "  preset: smal");
  assertRefused(/^s\.yaml:1: there is no data set "cifr"/, "base: {dataset: cifr}");
  assertRefused(/^s\.yaml:2: seed: is varied for all runs alike/, "base:", "  seed: 3");
  assertRefused(/^s\.yaml:1: out: runs are named by what varies/, "base: {out: here}");
  assertRefused(
    /^s\.yaml:2: grid: comes to 100000 runs; give at most 10000$/,
    "seeds: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]",
    `grid: {epochs: [${Array.from({ length: 100 }, (_, i) => i + 1)}], batch: [${
      Array.from({ length: 100 }, (_, i) => i + 1)
    }]}`,
  );
  assertRefused(/^s\.yaml:2: runs beside grid: give one of them/, "grid: {budget: [1]}", "runs: [{}]");
  assertRefused(/^s\.yaml:2: retries: give a whole number/, "base: {}", "retries: many");
  assertRefused(/^s\.yaml:1: evaluate: give a list of knn, linear, masks/, "evaluate: [knn, lin]");
  assertRefused(/^s\.yaml:2: unknown key tim; did you mean time\?$/, "slurm:", "  tim: 60");
  assertRefused(/^s\.yaml:3: not YAML \(/, "base: {}", "grid: [1");
  assertRefused(/^s\.yaml:2: retries: is given twice; remove one$/, "retries: 1", "retries: 2");
  assertRefused(/^s\.yaml:1: holds no spec; write keys such as base/, "- budget");
});
