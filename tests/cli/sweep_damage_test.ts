/**
 * Tests of sweeps with a damaged run, and of the marks for missed budgets.
 *
 * @module
 */
import { join } from "@std/path";
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { SweepResults } from "../../src/sweep/mod.ts";
import { tinyBase } from "../sweep/tiny_sweep.ts";
import { withFolder } from "../folders.ts";
import { assertSucceeds, runSluice } from "./run_sluice.ts";

Deno.test(
  "a damaged run does not stop the others, and completes after it was repaired",
  withFolder(async (folder) => {
    const [spec, out] = [join(folder, "spec.yaml"), join(folder, "sweep")];
    const withRates = (rates: string) => {
      writeFileSync(spec, `${tinyBase}  mode: gated\ngrid: {lr: [${rates}]}\nevaluate: [knn]\n`);
      return spec;
    };
    await assertSucceeds(["sweep", withRates("0.1, 0.2"), "--out", out, "--quiet"]);
    const config = join(out, "runs", "lr=0.1", "config.yaml");
    const whole = readFileSync(config, "utf8");
    writeFileSync(config, "epochs: [");

    const all = "0.1, 0.2, 0.3";
    const dry = JSON.parse(await assertSucceeds(["sweep", withRates(all), "--out", out, "--dry-run", "--json"]));
    assert.deepEqual(dry.runs.map(({ done }: { done: boolean }) => done), [false, true, false]);
    assert.match(dry.runs[0].damaged, /config\.yaml:1: not YAML/);

    const { status, stdout, stderr } = await runSluice(["sweep", withRates(all), "--out", out]);
    assert.equal(status, 1, stderr);
    assert.match(stderr, /^lr=0\.1: failed: damaged: .*config\.yaml:1: not YAML/m);
    assert.match(stderr, /^lr=0\.3: done/m);
    assert.match(stderr, /sluice: 1 of 3 runs failed: lr=0\.1; their logs/);
    assert.match(stdout, /^lr=0\.1: damaged: .*config\.yaml:1: not YAML/m);
    assert.match(stdout, /^2 of 3 runs done$/m);
    const results = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as SweepResults;
    assert.deepEqual(results.failures.map(({ run, phase }) => [run, phase]), [["lr=0.1", "damaged"]]);
    assert.deepEqual(results.rows.map(({ run }) => run), ["lr=0.2", "lr=0.3"]);

    const states = JSON.parse(await assertSucceeds(["sweep", "status", out, "--json"]));
    assert.deepEqual(states.runs.map(({ phase }: { phase: string }) => phase), ["damaged", "done", "done"]);
    assert.match(await assertSucceeds(["status", out]), /^lr=0\.1 +damaged .*not YAML/m);
    const report = JSON.parse(await assertSucceeds(["report", out, "-o", join(folder, "page.html"), "--json"]));
    assert.deepEqual(report.damaged.map(({ name }: { name: string }) => name), ["lr=0.1"]);
    assert.deepEqual(report.runs.map(({ name }: { name: string }) => name), ["lr=0.2", "lr=0.3"]);

    writeFileSync(config, whole);
    const repaired = await assertSucceeds(["sweep", withRates(all), "--out", out, "--quiet"]);
    assert.match(repaired, /^3 of 3 runs done$/m);
  }),
);

Deno.test(
  "a sweep's table, files and report mark the runs that missed their budgets",
  withFolder(async (folder) => {
    const [spec, out] = [join(folder, "spec.yaml"), join(folder, "sweep")];
    writeFileSync(spec, `${tinyBase}grid: {budget: [0.6]}\nevaluate: [knn]\n`);
    const printed = await assertSucceeds(["sweep", spec, "--out", out, "--quiet"]);
    assert.match(printed, /^0\.6 +gated +1 +0\.6 +0\.\d{4}, missed /m);
    assert.match(printed, /^0\.6 +dense +1 +- +1\.0000 /m);
    assert.match(printed, /^budget missed by more than 0\.01: 1 of 1 runs$/m);
    const { rows: [dense, gated] } = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as SweepResults;
    assert.equal(dense?.budgetMissed, null);
    assert.equal(gated?.budgetMissed, Math.round(((gated?.cost ?? 0) - 0.6) * 1e6) / 1e6);
    const [heads, ...lines] = readFileSync(join(out, "results.csv"), "utf8").trim().split("\n");
    assert.match(heads ?? "", /,budgetMissed$/);
    assert.deepEqual(lines.map((line) => line.split(",").at(-1)), ["", String(gated?.budgetMissed)]);
    assert.match(
      await assertSucceeds(["sweep", "status", out]),
      /^budget=0\.6 +done .*budget missed by [+-]0\.\d{4}$/m,
    );
    const { runs: [state] } = JSON.parse(await assertSucceeds(["status", out, "--json"]));
    assert.equal(state.budgetMissed, gated?.budgetMissed);
    await assertSucceeds(["report", out, "-o", join(folder, "page.html")]);
    const page = readFileSync(join(folder, "page.html"), "utf8");
    assert.match(page, /1 of 1 runs missed its budget by more than one point: budget=0\.6/);
    assert.match(page, />\d+\.\d\d, missed</);
  }),
);
