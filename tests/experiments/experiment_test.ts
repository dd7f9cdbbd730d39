// Tests of the tables of experiments.
import assert from "node:assert/strict";
import { budgets } from "./budgets.ts";
import { type CellEvaluation, meanAndDeviation } from "./experiment.ts";
import { headline } from "./headline.ts";
import { objectives } from "./objectives.ts";

function evaluation(probe: number, share: number): CellEvaluation {
  const figures = { knn20: probe - 5, linear: { top1: probe } };
  const networks = { dense: { ...figures, cost: { share: 1 } }, gated: { ...figures, cost: { share } } };
  return { networks, references: { rawPixels: { knn20: 38.5, linear: { top1: 27 } }, untrained: networks } };
}

Deno.test("a mean has the sample's deviation where there are several values", () => {
  assert.equal(meanAndDeviation([1, 3], 1), "2.0 ± 1.4");
  assert.equal(meanAndDeviation([0.30049], 4), "0.3005");
  assert.equal(meanAndDeviation([undefined], 1), "-");
});

Deno.test("every cell has its own name, and the headline's table one row a network of each kind that is there", () => {
  const cells = headline.cells("tree");
  assert.equal(new Set(cells.map(({ name }) => name)).size, 21);
  const found = new Map([
    ["dual-0.3-seed0", evaluation(50, 0.299)],
    ["dual-0.3-seed2", evaluation(52, 0.301)],
  ]);
  assert.ok([...found.keys()].every((name) => cells.some((cell) => cell.name === name)));
  const rows = headline.table(found).split("\n");
  assert.ok(rows.includes("| dual | gated | 0.3 | 0.300 ± 0.001 | 46.0 ± 1.4 | 51.0 ± 1.4 | 2 |"));
  assert.equal(rows.filter((row) => row.startsWith("| dual")).length, 2);
  assert.ok(rows.at(-1)?.startsWith("| raw pixels | - | - | - | 38.5 | 27.0"));
});

Deno.test("the table of budgets has both rules side by side", () => {
  const table = budgets.table(new Map([["default-0.1", evaluation(40, 0.1012)], ["paper-0.1", evaluation(40, 0.185)]]));
  assert.ok(table.includes("| 0.1 | 0.1012 | 0.1850 |"));
  assert.ok(table.includes("| 0.2 | - | - |"));
});

Deno.test("the table of objectives says what each network gained over itself untrained", () => {
  assert.equal(new Set(objectives.cells("tree").map(({ name }) => name)).size, 7);
  const { networks, references } = evaluation(50, 0.3);
  const untrained = evaluation(36.25, 0.5).networks;
  const table = objectives.table(new Map([["byol", { networks, references: { ...references, untrained } }]]));
  assert.ok(table.includes("| byol | 50.0 (+13.8) | 50.0 (+13.8) | 0.300 |"), table);
});
