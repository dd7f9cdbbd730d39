/**
 * Tests of `sluice sweep` on this machine.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { SweepResults } from "../../src/sweep/mod.ts";
import { hasBegun, rowsOf, weightsOf } from "../sweep/outcome.ts";
import { tinyBase, tinySweep } from "../sweep/tiny_sweep.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, runSluice, startSluice, until } from "./run_sluice.ts";

function writeSpec(folder: string, text: string): string {
  const path = join(folder, "spec.yaml");
  Deno.writeTextFileSync(path, text);
  return path;
}

/** Number of runs that have recorded a step. */
function begunRuns(sweep: string): number {
  const runs = join(sweep, "runs");
  return existsSync(runs) ? readdirSync(runs).filter((name) => hasBegun(sweep, name)).length : 0;
}

Deno.test(
  "a sweep of 2 budgets, 2 modes and 2 seeds that is killed half-way ends with the results of an undisturbed one",
  withFolder(async (folder) => {
    const spec = writeSpec(folder, tinySweep);
    const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
    const printed = await assertSucceeds(["sweep", spec, "--out", whole, "--jobs", "2", "--json"]);
    const results = JSON.parse(printed) as SweepResults;
    assertEquals([results.planned, results.done, results.keys], [8, 8, ["mode", "budget"]]);
    // A gated run has one network, a dual run two.
    assertEquals(results.rows.map(({ network }) => network), [
      ...Array.from({ length: 4 }, () => "gated"),
      ...Array.from({ length: 4 }, () => ["dense", "gated"]).flat(),
    ]);
    assert(results.rows.every(({ probeTop1, knn1, cost, wallSeconds }) => {
      return probeTop1 !== null && knn1 !== null && cost > 0 && wallSeconds > 0;
    }));
    assertEquals(readFileSync(join(whole, "results.csv"), "utf8").trim().split("\n").length, 1 + 12);

    const page = join(folder, "page.html");
    await assertSucceeds(["report", whole, "-o", page]);
    for (const { run } of results.rows) {
      assert(readFileSync(page, "utf8").includes(run), run);
      assert(existsSync(join(whole, "runs", run, "speed.json")), run);
    }

    const process = startSluice(["sweep", spec, "--out", killed, "--jobs", "2", "--quiet"]);
    await until(() => begunRuns(killed) === 4, "four runs have begun");
    process.kill("SIGKILL");
    await process.output();
    // The killed sweep's runs still train or are saving; the second sweep waits for them.
    await assertSucceeds(["sweep", spec, "--out", killed, "--jobs", "2"]);
    assertEquals(rowsOf(killed), rowsOf(whole));
    assertEquals(weightsOf(killed), weightsOf(whole));
  }),
);

Deno.test(
  "a failing run is retried as often as the spec says, the others are done, and the sweep ends with 1 and its name",
  withFolder(async (folder) => {
    const spec = writeSpec(folder, `${tinyBase}  mode: gated\ngrid: {lr: [0.1, 1.0e+30, 0.2]}\nretries: 2\n`);
    const out = join(folder, "sweep");
    const { status, stdout, stderr } = await runSluice(["sweep", spec, "--out", out]);
    assertEquals(status, 1, stderr);
    assertEquals(stderr.match(/^lr=1e\+30: failed, retrying: .*the loss is NaN/gm)?.length, 2, stderr);
    assertMatch(stderr, /^lr=1e\+30: failed: .*the loss is NaN/m);
    assertMatch(stderr, /sluice: 1 of 3 runs failed: lr=1e\+30; their logs are in [^\n]*tasks\n$/);
    assertMatch(stdout, /2 of 3 runs done/);
    const states = JSON.parse(await assertSucceeds(["sweep", "status", out, "--json"]));
    assertEquals(states.runs.map(({ phase }: { phase: string }) => phase), ["done", "failed", "done"]);
    assertMatch(states.runs[1].failure, /the loss is NaN/);
    const table = await assertSucceeds(["status", out]);
    assertMatch(table, /^lr=1e\+30 +failed/m);
    assertMatch(readFileSync(join(out, "tasks", "lr=1e+30.log"), "utf8"), /the loss is NaN/);
  }),
);

Deno.test(
  "a cancelled sweep saves its runs and exits like a stopped run",
  withFolder(async (folder) => {
    const spec = writeSpec(folder, `${tinyBase.replace("epochs: 4", "epochs: 600")}seeds: [0, 1, 2]\n`);
    const out = join(folder, "sweep");
    const process = startSluice(["sweep", spec, "--out", out]);
    await until(() => begunRuns(out) === 1, "a run has begun");
    await assertRefused(["sweep", spec, "--out", out], /is in use by process \d+/);
    await assertSucceeds(["sweep", "cancel", out]);
    const { code, stderr } = await process.output();
    assertEquals(code, 143, new TextDecoder().decode(stderr));
    const { runs } = JSON.parse(await assertSucceeds(["status", out, "--json"]));
    assertEquals(runs.map(({ phase }: { phase: string }) => phase), ["stopped", "waiting", "waiting"]);
    assert(runs[0].step > 0 && runs[0].step < 1800, `stopped after step ${runs[0].step}`);
    await assertRefused(["sweep", "cancel", out], /nothing works through its runs/);
    const shorter = writeSpec(folder, `${tinyBase.replace("epochs: 4", "epochs: 500")}seeds: [0, 1, 2]\n`);
    await assertRefused(["sweep", shorter, "--out", out], /run seed=0 has epochs 600, but the spec says 500/);
  }),
);

Deno.test(
  "a sweep accepts additional runs, and does not change the runs that are done",
  withFolder(async (folder) => {
    const out = join(folder, "sweep");
    const few = writeSpec(folder, `${tinyBase}  mode: gated\ngrid: {budget: [0.6]}\nevaluate: [knn]\n`);
    await assertSucceeds(["sweep", few, "--out", out, "--quiet"]);
    const [before] = rowsOf(out);
    const metrics = Deno.statSync(join(out, "runs", "budget=0.6", "metrics.jsonl")).mtime;
    const more = writeSpec(folder, `${tinyBase}  mode: gated\ngrid: {budget: [0.6, 0.9]}\nevaluate: [knn]\n`);
    const dry = JSON.parse(await assertSucceeds(["sweep", more, "--out", out, "--dry-run", "--json"]));
    assertEquals(dry.runs.map(({ name, done }: { name: string; done: boolean }) => [name, done]), [
      ["budget=0.6", true],
      ["budget=0.9", false],
    ]);
    assert(dry.estimate.seconds > 0 && dry.estimate.bytes > 10_000, JSON.stringify(dry.estimate));
    assertEquals(existsSync(join(out, "runs", "budget=0.9")), false);
    await assertSucceeds(["sweep", more, "--out", out, "--quiet"]);
    assertEquals(rowsOf(out)[0], before);
    assertEquals(rowsOf(out).length, 2);
    assertEquals(Deno.statSync(join(out, "runs", "budget=0.6", "metrics.jsonl")).mtime, metrics);
  }),
);

Deno.test(
  "an invalid sweep is refused with the spec's line before anything is written",
  withFolder(async (folder) => {
    const out = join(folder, "sweep");
    const refuse = (message: RegExp, text: string) =>
      assertRefused(["sweep", writeSpec(folder, text), "--out", out], message);
    await refuse(
      /spec\.yaml:15: --budget 0\.01: the parts without gates cost more/,
      `${tinyBase}grid:\n  budget: [0.6,\n    0.01]\n`,
    );
    await refuse(/spec\.yaml:5: --batch 32: there are only 16 training images/, tinyBase.replace("96", "16"));
    await refuse(
      /spec\.yaml:2: [^\n]*nowhere/,
      "base:\n  data: nowhere\n  dataset: cifar10\n",
    );
    await refuse(/spec\.yaml:1: unknown key bas; did you mean base\?/, "bas: {}\n");
    await assertRefused(["sweep"], /give a YAML file/);
    await assertRefused(["sweep", join(folder, "none.yaml"), "--out", out], /none\.yaml: there is no such file/);
    await assertRefused(["sweep", writeSpec(folder, tinySweep)], /give --out DIR/);
    await assertRefused(["sweep", writeSpec(folder, tinySweep), "--out", folder], /is not an empty folder/);
    await assertRefused(["sweep", writeSpec(folder, tinySweep), "--out", out, "--jobs", "0"], /--jobs 0: give a whole/);
    await assertRefused(["sweep", "status", out], /there is no such sweep/);
    assertEquals(existsSync(out), false);
  }),
);
