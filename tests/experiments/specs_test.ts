/**
 * Tests that the specs of the experiments are still valid.
 *
 * @module
 */
import { assertEquals, assertGreater } from "@std/assert";
import { join } from "@std/path";
import { fileURLToPath } from "node:url";

import { objectiveNames } from "../../src/objectives/mod.ts";
import { type PlannedRun, planSweep, SweepSpec } from "../../src/sweep/mod.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const specs = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".yaml")).sort();

function plan(name: string): readonly PlannedRun[] {
  return planSweep(SweepSpec.parse(name, Deno.readTextFileSync(join(folder, name))));
}

for (const name of specs) {
  Deno.test(`every run of ${name} has known options`, () => assertGreater(plan(name).length, 0));
}

Deno.test("objectives.yaml has a run for every objective", () => {
  assertEquals(plan("objectives.yaml").map(({ config }) => config.objective), objectiveNames);
});
