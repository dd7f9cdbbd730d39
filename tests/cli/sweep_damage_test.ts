/**
 * Tests of sweeps with a damaged run, and of the marks for missed budgets.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
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
    assertEquals(dry.runs.map(({ done }: { done: boolean }) => done), [false, true, false]);
    assertMatch(dry.runs[0].damaged, /config\.yaml:1: not YAML/);

    const { status, stdout, stderr } = await runSluice(["sweep", withRates(all), "--out", out]);
    assertEquals(status, 1, stderr);
    assertMatch(stderr, /^lr=0\.1: failed: damaged: .*config\.yaml:1: not YAML/m);
    assertMatch(stderr, /^lr=0\.3: done/m);
    assertMatch(stderr, /sluice: 1 of 3 runs failed: lr=0\.1; their logs/);
    assertMatch(stdout, /^lr=0\.1: damaged: .*config\.yaml:1: not YAML/m);
    assertMatch(stdout, /^2 of 3 runs done$/m);
    const results = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as SweepResults;
    assertEquals(results.failures.map(({ run, phase }) => [run, phase]), [["lr=0.1", "damaged"]]);
    assertEquals(results.rows.map(({ run }) => run), ["lr=0.2", "lr=0.3"]);

    const states = JSON.parse(await assertSucceeds(["sweep", "status", out, "--json"]));
    assertEquals(states.runs.map(({ phase }: { phase: string }) => phase), ["damaged", "done", "done"]);
    assertMatch(await assertSucceeds(["status", out]), /^lr=0\.1 +damaged .*not YAML/m);
    const report = JSON.parse(await assertSucceeds(["report", out, "-o", join(folder, "page.html"), "--json"]));
    assertEquals(report.damaged.map(({ name }: { name: string }) => name), ["lr=0.1"]);
    assertEquals(report.runs.map(({ name }: { name: string }) => name), ["lr=0.2", "lr=0.3"]);

    writeFileSync(config, whole);
    const repaired = await assertSucceeds(["sweep", withRates(all), "--out", out, "--quiet"]);
    assertMatch(repaired, /^3 of 3 runs done$/m);
  }),
);

Deno.test(
  "a sweep's table, files and report mark the runs that missed their budgets",
  withFolder(async (folder) => {
    const [spec, out] = [join(folder, "spec.yaml"), join(folder, "sweep")];
    writeFileSync(spec, `${tinyBase}grid: {budget: [0.6]}\nevaluate: [knn]\n`);
    const printed = await assertSucceeds(["sweep", spec, "--out", out, "--quiet"]);
    assertMatch(printed, /^0\.6 +gated +1 +0\.6 +0\.\d{4}, missed /m);
    assertMatch(printed, /^0\.6 +dense +1 +- +1\.0000 /m);
    assertMatch(printed, /^budget missed by more than 0\.01: 1 of 1 runs$/m);
    const { rows: [dense, gated] } = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as SweepResults;
    assertEquals(dense?.budgetMissed, null);
    assertEquals(gated?.budgetMissed, Math.round(((gated?.cost ?? 0) - 0.6) * 1e6) / 1e6);
    const [heads, ...lines] = readFileSync(join(out, "results.csv"), "utf8").trim().split("\n");
    const column = heads?.split(",").indexOf("budgetMissed") ?? -1;
    assertEquals(lines.map((line) => line.split(",")[column]), ["", String(gated?.budgetMissed)]);
    assertMatch(await assertSucceeds(["sweep", "status", out]), /^budget=0\.6 +done .*budget missed by [+-]0\.\d{4}$/m);
    const { runs: [state] } = JSON.parse(await assertSucceeds(["status", out, "--json"]));
    assertStrictEquals(state.budgetMissed, gated?.budgetMissed);
    await assertSucceeds(["report", out, "-o", join(folder, "page.html")]);
    const page = readFileSync(join(folder, "page.html"), "utf8");
    assertMatch(page, /1 of 1 runs missed its budget by more than one point: budget=0\.6/);
    assertMatch(page, />\d+\.\d\d, missed</);
  }),
);
