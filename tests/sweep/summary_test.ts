/**
 * Tests of the summary of a sweep's results, and of their CSV.
 *
 * @module
 */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { formatCsv, type ResultRow, summarise } from "../../src/sweep/mod.ts";

function row(seed: number, knn20: number | null, more: Partial<ResultRow> = {}): ResultRow {
  const none = { knn20: null, probeTop1: null };
  return {
    run: `budget=0.3,seed=${seed}`,
    network: "gated",
    varied: { budget: 0.3 },
    seed,
    target: 0.3,
    cost: 0.25 + 0.05 * seed,
    budgetMissed: seed === 0 ? -0.05 : null,
    macs: 1000,
    opening: null,
    precision: "f32",
    knn1: null,
    knn20,
    probeTop1: null,
    probeTop5: null,
    untrained: none,
    rawPixels: none,
    staticMask: { cost: null, asIs: none, recalibrated: none },
    oracle: none,
    rho: null,
    wallSeconds: 2.5,
    ...more,
  };
}

Deno.test("results are summarised over seeds, by varied options and network", () => {
  const rows = [row(0, 40), row(1, 44), row(0, 60, { network: "dense", target: null, cost: 1, budgetMissed: null })];
  const [gated, dense, ...others] = summarise({ rows });
  assertEquals(others, []);
  assertEquals([gated?.network, gated?.runs, gated?.target], ["gated", 2, 0.3]);
  assertEquals([gated?.missed, dense?.missed], [1, 0]);
  assertEquals(gated?.knn20, { mean: 42, deviation: Math.sqrt(8), count: 2 });
  assertAlmostEquals(gated?.cost.mean ?? 0, 0.275, 1e-12);
  assertEquals(gated?.probeTop1, null);
  assertEquals([dense?.network, dense?.runs, dense?.knn20], ["dense", 1, { mean: 60, deviation: null, count: 1 }]);
});

Deno.test("CSV defuses a text that a spreadsheet would run as a formula, but not a number", () => {
  const bad = ["=1+1", "+1", "-1+1", "@x", "\tx", "\rx"];
  const rows = bad.map((data) => row(0, 40, { run: data, varied: { data, bias: -1.5 } }));
  const text = formatCsv({ sweep: "s", keys: ["data", "bias"], planned: 1, done: 1, failures: [], rows });
  const cells = text.trimEnd().split("\n").slice(1).map((line) => line.replaceAll('"', "").split(","));
  assertEquals(cells.map(([run, , data]) => [run, data]), bad.map((data) => [`'${data}`, `'${data}`]));
  assertEquals(cells.map(([, , , bias]) => bias), bad.map(() => "-1.5"));
});

Deno.test("CSV has a line for each network, a column for each varied option, and empty cells for missing values", () => {
  const rows = [row(0, 40, { varied: { budget: 0.3, data: 'a,"b"' }, opening: -0.125 })];
  const text = formatCsv({ sweep: "s", keys: ["budget", "data"], planned: 1, done: 1, rows, failures: [] });
  const [heads, line, end] = text.split("\n");
  assertEquals(
    heads,
    "run,network,budget,data,seed,target,cost,macs,knn1,knn20,probeTop1,probeTop5," +
      "untrainedKnn20,untrainedProbeTop1,rawKnn20,rawProbeTop1,wallSeconds,budgetMissed," +
      "staticCost,staticKnn20,staticProbeTop1,staticRecalibratedKnn20,staticRecalibratedProbeTop1," +
      "oracleKnn20,oracleProbeTop1,rho,opening,precision",
  );
  assertEquals(line, '"budget=0.3,seed=0",gated,0.3,"a,""b""",0,0.3,0.25,1000,,40,,,,,,,2.5,-0.05,,,,,,,,,-0.125,f32');
  assertEquals(end, "");
});
