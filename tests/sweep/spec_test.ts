/**
 * Tests of the specs of sweeps, and of the lines in messages about their faults.
 *
 * @module
 */
import { assertEquals, assertIsError, assertThrows } from "@std/assert";
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
  assertIsError(assertThrows(() => plan(...lines)), InvalidInputError, message);
}

Deno.test("a grid gives every combination of its values with every seed, and the last key varies fastest", () => {
  assertEquals(names("grid:", "  mode: [gated, dual]", "  budget: [0.5, 1]", "seeds: [3, 4]"), [
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

Deno.test("a run's options come from its combination, then the base, then its preset, then the defaults", () => {
  const [run] = plan("base: {preset: small, epochs: 7}", "grid: {budget: [0.4]}", "seeds: [9]");
  assertEquals(run?.name, "budget=0.4");
  assertEquals(run?.varied, { budget: 0.4 });
  const { width, epochs, budget, seed, weightDecay } = run?.config ?? {};
  assertEquals([width, epochs, budget, seed, weightDecay], [16, 7, 0.4, 9, 1e-4]);
});

Deno.test("options of the command line override the spec", () => {
  const spec = SweepSpec.parse("s.yaml", "base: {threads: 3, epochs: 2}\n");
  assertEquals(planSweep(spec, { threads: "1" }).map(({ config }) => [config.threads, config.epochs]), [[1, 2]]);
});

Deno.test("a run without gates is planned once, however many budgets and gate options vary", () => {
  assertEquals(names("grid:", "  mode: [vanilla, dual]", "  budget: [0.3, 0.5]", "  gate-temperature: [1]"), [
    "mode=vanilla",
    "mode=dual,budget=0.3,gate-temperature=1",
    "mode=dual,budget=0.5,gate-temperature=1",
  ]);
});

Deno.test("a run without gates ignores a group that does not divide its width", () => {
  const [narrow, wide] = plan("base: {gate-group: 16}", "runs:", "  - {mode: vanilla, width: 4}", "  - {width: 16}");
  assertEquals([narrow?.config.width, wide?.config.gateGroup], [4, 16]);
  assertRefused(/^s\.yaml:1: --gate-group 16: .* at width 4; give/, "runs: [{width: 4, gate-group: 16}]");
});

Deno.test("explicit runs are named by their name key or by their options", () => {
  const runs = ["runs:", "  - budget: 0.5", "  - {name: published rule, budget: 0.5, budget-rule: paper}", "  - {}"];
  assertEquals(names(...runs), ["budget=0.5", "published_rule", "run"]);
  assertEquals(names(...runs, "seeds: [0, 7]").slice(2, 4), ["published_rule,seed=0", "published_rule,seed=7"]);
});

Deno.test("names keep the letters of every script, in composed form", () => {
  assertEquals(names("runs: [{name: 学習}, {name: 評価 2}, {name: größer}, {name: эпохи, lr: 0.3}]"), [
    "学習",
    "評価_2",
    "größer",
    "эпохи",
  ]);
  assertEquals(names(`runs: [{name: "e\u0301t\u00e9"}]`), ["\u00e9t\u00e9"]);
  assertEquals(names("runs: [{name: a/b}, {name: $(rm x)}]"), ["a_b", "_rm_x_"]);
});

Deno.test("a name that a folder cannot have is refused with its line", () => {
  const refuse = (name: string, message: RegExp) => {
    assertRefused(message, "runs:", "  - {name: fine, lr: 0.1}", `  - {name: ${JSON.stringify(name)}, lr: 0.2}`);
  };
  refuse("..", /^s\.yaml:3: name "\.\.": give a name with a letter or a digit$/);
  refuse(".", /^s\.yaml:3: name "\.": give a name with a letter/);
  refuse("", /^s\.yaml:3: name "": give a name with a letter/);
  refuse("🚀", /^s\.yaml:3: name "🚀": give a name with a letter/);
  refuse(".hidden", /^s\.yaml:3: name "\.hidden": a run's name must not begin with a dot/);
  refuse("x".repeat(300), /^s\.yaml:3: name "x{60}\.\.\.": has 300 bytes, more than the limit of 220;/);
  refuse("学".repeat(80), /name "学{60}\.\.\.": has 240 bytes/);
  assertRefused(/^s\.yaml:2: name "\.\.": give/, "runs:", "  - {name: ..}", "seeds: [1, 2]");
  assertRefused(/^s\.yaml:1: name "data=long_long.*": has 3\d\d bytes/, `grid: {data: [a, ${"long/".repeat(60)}]}`);
});

Deno.test("names that are the same on some file systems are refused", () => {
  const message = (line: number, name: string, other: string) =>
    new RegExp(`^s\\.yaml:${line}: ${name}: has the same folder as run ${other} on file systems that ignore case`);
  assertRefused(message(1, "a", "A"), "runs: [{name: A}, {name: a, lr: 1}]");
  assertRefused(message(2, "ÉTÉ", "été"), "runs: [{name: été},", " {name: ÉTÉ, lr: 1}]");
  assertRefused(message(1, "STRASSE", "straße"), "runs: [{name: straße}, {name: STRASSE, lr: 1}]");
  assertRefused(message(1, "data=x", "data=X"), "grid: {data: [X, x]}");
  // Two encodings of the same letters are one name.
  assertRefused(/^s\.yaml:1: é: two runs have this name/, `runs: [{name: "\u00e9"}, {name: "e\u0301", lr: 1}]`);
});

Deno.test("YAML's aliases and merged mappings are expanded", () => {
  const runs = plan(
    "base: &all {epochs: 7, lr: 0.1}",
    "runs:",
    "  - &a {name: a, budget: 0.4}",
    "  - {<<: *a, name: b}",
  );
  assertEquals(runs.map(({ name, config }) => [name, config.budget, config.epochs]), [["a", 0.4, 7], [
    "b",
    0.4,
    7,
  ]]);
  assertEquals(names("grid: {budget: &two [0.4, 0.5], width: [4]}", "seeds: [1]"), [
    "budget=0.4,width=4",
    "budget=0.5,width=4",
  ]);
  assertRefused(/^s\.yaml:3: budget 7: give a number/, "base:", "  epochs: 3", "  budget: &b 7", "runs: [{lr: 1}]");
  assertRefused(/^s\.yaml:2: alias \*none: there is no anchor &none before it/, "base:", "  lr: *none");
});

Deno.test("~ in a path is the home folder of the user who starts the sweep", () => {
  const [run] = plan("base: {dataset: images, data: ~/photos, class-list: ./~/x, plans: ~}");
  assertEquals(run?.config.data, `${homedir()}/photos`);
  assertEquals(run?.config.classList, `${Deno.cwd()}/~/x`);
  assertEquals(run?.config.plans, null);
  const grid = plan("grid: {data: [~/a, ~/b]}");
  assertEquals(grid.map(({ config }) => config.data), [`${homedir()}/a`, `${homedir()}/b`]);
  assertRefused(/^s\.yaml:2: data ~anna\/photos: home folders of other users/, "runs:", "  - data: ~anna/photos");
});

Deno.test("a spec that varies nothing is one run, and paths become absolute", () => {
  const [run, ...others] = plan("base: {dataset: cifar10, data: images}");
  assertEquals(run?.name, "run");
  assertEquals(run?.config.data, `${Deno.cwd()}/images`);
  assertEquals(others, []);
});

Deno.test("evaluate is k-NN and probe by default, and takes a list of protocols or options", () => {
  const judging = (text: string) => SweepSpec.parse("s.yaml", text).contents.evaluate;
  const usual = { protocol: ["knn", "linear"], probe: "cached", "probe-seeds": 1, precision: "f32" };
  assertEquals<unknown>(judging("seeds: [0]"), usual);
  assertEquals<unknown>(judging("evaluate: {precision: bf16}"), { ...usual, precision: "bf16" });
  assertEquals<unknown>(judging("evaluate: [knn]"), { ...usual, protocol: ["knn"] });
  assertEquals<unknown>(judging("evaluate: {protocol: [linear], probe-seeds: 3}"), {
    ...usual,
    protocol: ["linear"],
    "probe-seeds": 3,
  });
});

Deno.test("a fault in a spec is named with its line", () => {
  assertRefused(/^s\.yaml:2: unknown key grd; did you mean grid\?$/, "base: {}", "grd: {budget: [1]}");
  assertRefused(/^s\.yaml:3: unknown key budgt; did you mean budget\?$/, "base:", "  epochs: 3", "  budgt: 1");
  assertRefused(/^s\.yaml:2: unknown key epoch; did you mean epochs\?$/, "grid:", "  epoch: [1]");
  assertRefused(/^s\.yaml:1: grid: give lists by option/, "grid: {}");
  assertRefused(/^s\.yaml:2: grid\.budget: give lists by option/, "grid:", "  budget: []");
  assertRefused(/^s\.yaml:2: grid\.budget: give lists by option/, "grid:", "  budget: 0.3");
  assertRefused(
    /^s\.yaml:4: budget 7: give a number above 0 and at most 1, a range such as 0\.1\.\.0\.9, or any$/,
    "grid:",
    "  budget:",
    "    - 0.3",
    "    - 7",
  );
  assertRefused(/^s\.yaml:2: epochs 1\.5: give a whole number/, "base:", "  epochs: 1.5");
  assertRefused(/^s\.yaml:3: budget=0\.1: two runs have this name/, "runs:", "  - budget: 0.1", "  - budget: 0.1");
  assertRefused(/^s\.yaml:3: a: two runs have this name/, "runs:", "  - {name: a}", "  - {name: a, budget: 1}");
  assertRefused(/^s\.yaml:3: budget: 0\.1 is listed twice/, "grid:", "  budget: [0.1,", "           0.1]");
  assertRefused(/^s\.yaml:1: seeds: 1 is listed twice/, "seeds: [1, 1]");
  assertRefused(/^s\.yaml:1: seeds\.0: give a list of different whole numbers/, "seeds: [-1]");
  assertRefused(/^s\.yaml:2: --symmetric: a gated run has no passes/, "base:", "  symmetric: true", "  mode: gated");
  assertRefused(/^s\.yaml:2: preset smal: unknown preset/, "base:", "  preset: smal");
  assertRefused(/^s\.yaml:1: there is no data set "cifr"/, "base: {dataset: cifr}");
  assertRefused(/^s\.yaml:2: seed: seeds apply to all runs/, "base:", "  seed: 3");
  assertRefused(/^s\.yaml:1: out: the varied options name the runs/, "base: {out: here}");
  assertRefused(
    /^s\.yaml:2: grid: has 100000 runs; give at most 10000$/,
    "seeds: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]",
    `grid: {epochs: [${Array.from({ length: 100 }, (_, i) => i + 1)}], batch: [${
      Array.from({ length: 100 }, (_, i) => i + 1)
    }]}`,
  );
  assertRefused(/^s\.yaml:2: runs with grid: remove one of them/, "grid: {budget: [1]}", "runs: [{}]");
  assertRefused(/^s\.yaml:2: retries: give a whole number/, "base: {}", "retries: many");
  assertRefused(/^s\.yaml:1: evaluate: give a list of knn, linear, masks/, "evaluate: [knn, lin]");
  assertRefused(/^s\.yaml:2: unknown key tim; did you mean time\?$/, "slurm:", "  tim: 60");
  assertRefused(/^s\.yaml:3: not YAML \(/, "base: {}", "grid: [1");
  assertRefused(/^s\.yaml:2: retries: is given twice; remove one$/, "retries: 1", "retries: 2");
  assertRefused(/^s\.yaml:1: contains no spec; write keys such as base/, "- budget");
});
