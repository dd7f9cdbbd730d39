/**
 * Tests of a report's contents: configurations and their spreads, the Pareto front, missing runs, and colours.
 *
 * @module
 */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreaterOrEqual,
  assertMatch,
  assertNotMatch,
  assertStrictEquals,
} from "@std/assert";
import { join } from "@std/path";
import { type ColourName, dark, light, type Palette } from "../../src/report/colours.ts";
import { paretoFront } from "../../src/report/figures/accuracy.ts";
import { chosenConfigurations } from "../../src/report/figures/small_multiples.ts";
import { figureFiles, type ReportData, reportOfRun, reportOfSweep, reportPage } from "../../src/report/mod.ts";
import { commonMeasure, configurationsOf, haveOneDenseCost, outcomesOf } from "../../src/report/outcomes.ts";
import { planSweep, SweepFolder, SweepSpec } from "../../src/sweep/mod.ts";
import { formatSpread, spreadOf } from "../../src/sweep/spread.ts";
import { trainedSeconds } from "../../src/report/table.ts";
import type { StepRecord } from "../../src/run/records.ts";
import { makeRun, makeSweep, type SyntheticSweep } from "./synthetic_runs.ts";
import { withFolder } from "../folders.ts";

const small: SyntheticSweep = { budgets: [0.5, 0.2], modes: ["dual", "vanilla"], seeds: 3 };

/** Relative luminance of a colour, as WCAG 2 defines it. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((place) => {
    const value = parseInt(hex.slice(place, place + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio of two colours, as WCAG 2 defines it. */
function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

Deno.test("in both themes, text has a contrast of at least 4.5 and graphics of at least 3 with the background", () => {
  const texts: ColourName[] = ["ink", "muted"];
  const graphics: ColourName[] = ["accent", "dense", "gated", "alone", "vanilla", "open", "dependent", "closed"];
  const check = (palette: Palette, names: ColourName[], behind: ColourName, least: number) => {
    for (const name of names) {
      const found = contrast(palette[name], palette[behind]);
      assertGreaterOrEqual(found, least, `${name} ${palette[name]} on ${behind}: ${found.toFixed(2)}`);
    }
  };
  for (const palette of [light, dark]) {
    check(palette, texts, "background", 4.5);
    check(palette, texts, "surface", 4.5);
    check(palette, graphics, "background", 3);
  }
});

Deno.test("a spread is the mean and the sample deviation of the values, without null and undefined", () => {
  assertEquals(spreadOf([null, undefined]), null);
  assertEquals(spreadOf([7, null]), { mean: 7, deviation: null, count: 1 });
  assertEquals(spreadOf([1, 2, 3, undefined]), { mean: 2, deviation: 1, count: 3 });
  assertEquals(spreadOf([0.1, 0.1, 0.1]), { mean: 0.1, deviation: 0, count: 3 });
  assertEquals(formatSpread({ mean: 45.104, deviation: 0.306, count: 3 }, 2), "45.10 ± 0.31");
  assertEquals(formatSpread({ mean: 100, deviation: 0, count: 3 }, 2), "100.00");
});

Deno.test(
  "runs that differ only in their seed are one configuration with one outcome for each network",
  withFolder((folder) => {
    const data = makeSweep(folder, small);
    const configurations = configurationsOf(data);
    assertEquals(configurations.map(({ label, target, runs }) => [label, target, runs.length]), [
      ["mode dual, budget 0.5", 50, 3],
      ["mode dual, budget 0.2", 20, 3],
      ["mode vanilla", null, 3],
    ]);
    const outcomes = outcomesOf(configurations);
    assertEquals(outcomes.map(({ series }) => series), ["dense", "gated", "dense", "gated", "vanilla"]);
    const [, gated] = outcomes;
    const costs = data.runs.slice(0, 3).map(({ evaluation }) => 100 * (evaluation?.networks.gated?.cost.share ?? NaN));
    const mean = costs.reduce((sum, cost) => sum + cost, 0) / 3;
    const deviation = Math.sqrt(costs.reduce((sum, cost) => sum + (cost - mean) ** 2, 0) / 2);
    assertAlmostEquals(gated?.share?.mean ?? NaN, mean, 1e-9);
    assertAlmostEquals(gated?.share?.deviation ?? NaN, deviation, 1e-9);
    assert(Math.abs(mean - 50) < 0.5 && deviation > 0);
    assertEquals(gated?.milliseconds, { mean: 2, deviation: 1, count: 3 });
    assertMatch(reportPage(data), /Milliseconds were measured on a processor, 2 threads, f32, batch 64, while other/);
    const [first, ...others] = data.runs;
    assert(first?.speed);
    const moved = { ...first, speed: { ...first.speed, device: "another" } };
    const mixed = reportPage({ ...data, runs: [moved, ...others] });
    assertMatch(mixed, /Milliseconds are left out: runs were evaluated on another, .*; on a processor/);
    assertNotMatch(mixed, /ms an image/);
    const chosen = chosenConfigurations(configurations).map(({ target }) => target);
    assertEquals(chosen, [20, 50, null], "ordered by budget");
  }),
);

Deno.test(
  "networks are compared by the probe, or by 20-NN if more networks have that accuracy",
  withFolder((folder) => {
    const measureOf = (...all: ReportData[]) => {
      return commonMeasure(all.flatMap((data) => outcomesOf(configurationsOf(data))));
    };
    const probed = makeSweep(join(folder, "probed"), small);
    const knnOnly = makeSweep(join(folder, "knn"), { ...small, run: { knnOnly: true } });
    assertEquals(measureOf(probed), "probe");
    assertEquals(measureOf(probed, knnOnly), "knn20");
    assertMatch(reportPage(knnOnly), /Accuracy is 20-NN, and cost is measured/);
  }),
);

Deno.test(
  "costs are shares of the dense network's cost, or MACs if dense networks differ in cost",
  withFolder((folder) => {
    const narrow = makeSweep(join(folder, "narrow"), small);
    const wide = makeSweep(join(folder, "wide"), { ...small, run: { options: { width: 32 } } });
    assert(haveOneDenseCost(narrow.runs));
    assert(!haveOneDenseCost([...narrow.runs, ...wide.runs]));
    const runs = [...narrow.runs.map((run) => ({ ...run, varied: { width: 16 } })), ...wide.runs];
    const page = reportPage({ ...narrow, keys: ["width"], runs });
    assertMatch(page, /cost of one image, millions of MACs/);
  }),
);

Deno.test("the Pareto front has the points that no cheaper point equals", () => {
  const point = (x: number, y: number) => ({ x, y, xDeviation: 0, yDeviation: 0, title: "" });
  const points = [point(50, 60), point(10, 55), point(30, 54), point(50, 61), point(90, 61), point(100, 62)];
  assertEquals(paretoFront(points), [point(10, 55), point(50, 61), point(100, 62)]);
});

Deno.test("the time of a resumed run is the sum over its processes", () => {
  const steps = [1, 2, 3, 0.5, 1.5, 4].map((time) => ({ time })) as unknown as StepRecord[];
  assertEquals(trainedSeconds({ steps }), 7);
  assertEquals(trainedSeconds({ steps: [] }), null);
});

Deno.test(
  "a page lists incomplete runs, and says which figures have nothing to show",
  withFolder((folder) => {
    const page = reportPage(reportOfRun(makeRun(join(folder, "trained"), { stage: "trained" })));
    assertMatch(page, /This run has not been evaluated; to evaluate it: sluice evaluate [^ ]*trained</);
    assertMatch(page, /No gated network has been evaluated yet\./);
    assertNotMatch(page, /stopped before/);
    const sweep = makeSweep(join(folder, "sweep"), { ...small, run: { stage: "trained", options: { evalEvery: 0 } } });
    assertMatch(reportPage(sweep), /9 of 9 runs have not been evaluated: dual-0\.5-seed0, .* and 4 more/);
    const whole = reportPage(reportOfRun(makeRun(join(folder, "whole"))));
    assertNotMatch(whole, /class="notice"|has not been evaluated/);
  }),
);

Deno.test(
  "the page of a sweep says how many runs have not started, even if none has, and how to resume",
  withFolder((folder) => {
    const spec = SweepSpec.parse("sweep.yaml", "base: { preset: demo }\ngrid: { budget: [0.3, 0.5] }\nseeds: [0, 1]\n");
    const { evaluate: judging, retries } = spec.contents;
    const path = join(folder, "sweep");
    const sweep = SweepFolder.prepare(path, spec, { runs: planSweep(spec), judging, retries });
    const none = reportOfSweep(sweep);
    assertEquals([none.kind, none.title, none.keys, none.runs, none.waiting], [
      "sweep",
      "sweep",
      ["budget"],
      [],
      4,
    ]);
    assertMatch(reportPage(none), /4 of 4 runs have not started/);
    assertEquals(figureFiles(none), []);
    const [first] = sweep.plan.runs;
    makeRun(sweep.runPath(first?.name ?? ""), { options: first?.config ?? {}, stage: "stopped" });
    const page = reportPage(reportOfSweep(sweep));
    assertMatch(page, /1 of 4 runs stopped before its end: budget=0\.3,seed=0</);
    assertMatch(page, /3 of 4 runs have not started/);
    assertMatch(page, new RegExp(`To resume: sluice sweep ${path}/sweep.yaml --out ${path}<`));
  }),
);

Deno.test(
  "the cost of blocks leaves out evaluations of an earlier version, and the page says so",
  withFolder((folder) => {
    const { runs, ...data } = makeSweep(folder, small);
    const earlier = runs.map((run) => {
      const { evaluation } = run;
      if (run.config.budget !== 0.2 || evaluation === null) return run;
      const networks = Object.fromEntries(
        Object.entries(evaluation.networks).map(([name, network]) => [name, { ...network, parts: [] }]),
      );
      return { ...run, evaluation: { ...evaluation, networks } };
    });
    assertMatch(reportPage({ ...data, runs: earlier }), /1 configuration is left out: an earlier version evaluated it/);
    const none = earlier.filter(({ config }) => config.budget === 0.2);
    assertMatch(reportPage({ ...data, runs: none }), /An earlier version made these evaluations/);
    assert(!figureFiles({ ...data, runs: none }).some(({ name }) => name === "block-costs"));
  }),
);

Deno.test(
  "the same runs give the same page and figures",
  withFolder((folder) => {
    const data = makeSweep(folder, small);
    assertStrictEquals(reportPage(data), reportPage(data));
    assertEquals(figureFiles(data), figureFiles(data));
  }),
);
