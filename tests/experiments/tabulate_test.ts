/**
 * Tests of the tables for README.md, against values computed by hand.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { fileURLToPath } from "node:url";

import type { SweepFolder } from "../../src/sweep/mod.ts";
import { finish } from "../cli/run_sluice.ts";
import { withFolder } from "../folders.ts";
import { judgedSweep } from "../report/judged_sweep.ts";
import { tabulate } from "./tabulate.ts";

const networks = `\
| mode    | network | budget or width | other options           | MACs    | cost share | 20-NN %      | probe %      | above plain |
| ------- | ------- | --------------- | ----------------------- | ------- | ---------- | ------------ | ------------ | ----------- |
| vanilla | dense   | width 8         | -                       | 10.00 M | 1.0000     | 41.00 ± 1.41 | 51.00 ± 1.41 | -           |
| vanilla | dense   | width 8         | zero-init-residual true | 10.00 M | 1.0000     | 44.00 ± 1.41 | 54.00 ± 1.41 | -           |
| vanilla | dense   | width 16        | -                       | 40.00 M | 1.0000     | 52.00 ± 1.41 | 62.00 ± 1.41 | -           |
| dual    | dense   | budget 0.5      | -                       | 40.00 M | 1.0000     | 54.00 ± 1.41 | 64.00 ± 1.41 | +2.0        |
| dual    | gated   | budget 0.5      | -                       | 20.00 M | 0.5000     | 50.50 ± 1.41 | 60.50 ± 1.41 | +2.5        |
| dual    | dense   | budget 0.1      | -                       | 40.00 M | 1.0000     | 50.00 ± 1.41 | 60.00 ± 1.41 | −2.0        |
| dual    | gated   | budget 0.1      | -                       | 4.00 M  | 0.1000     | 43.00 ± 1.41 | 53.00 ± 1.41 | -           |
`;

const masks = `\
| masks                                   | gated, budget 0.5 | gated, budget 0.1 |
| --------------------------------------- | ----------------- | ----------------- |
| own                                     | 60.50 ± 1.41      | 53.00 ± 1.41      |
| own, recalibrated                       | 61.00 ± 1.41      | 53.50 ± 1.41      |
| exchanged                               | 53.50 ± 1.41      | 46.00 ± 1.41      |
| all open, recalibrated                  | 63.50 ± 1.41      | 56.00 ± 1.41      |
| static: open most                       | 61.50 ± 1.41      | 54.00 ± 1.41      |
| static: open most, recalibrated         | 59.50 ± 1.41      | 52.00 ± 1.41      |
| static: open most per MAC               | 58.50 ± 1.41      | 51.00 ± 1.41      |
| static: open most per MAC, recalibrated | 57.50 ± 1.41      | 50.00 ± 1.41      |
| static: open most by gate               | 56.50 ± 1.41      | 49.00 ± 1.41      |
| static: open most by gate, recalibrated | 55.50 ± 1.41      | 48.00 ± 1.41      |
| static: score per MAC                   | 54.50 ± 1.41      | 47.00 ± 1.41      |
| static: score per MAC, recalibrated     | **62.50 ± 1.41**  | **55.00 ± 1.41**  |
| oracle, recalibrated                    | 58.00 ± 1.41      | 50.50 ± 1.41      |
| rho                                     | 0.200 ± 0.141     | 0.200 ± 0.141     |
| above plain: own                        | +2.5              | -                 |
| above plain: static                     | +3.5              | -                 |
`;

const script = fileURLToPath(new URL("tabulate.ts", import.meta.url));

/** Runs the script with no permission but to read files. */
function runScript(...sweeps: string[]) {
  return finish(Deno.execPath(), ["run", "--no-prompt", "--allow-read", script, ...sweeps], { NO_COLOR: "1" });
}

Deno.test(
  "the script prints a sweep's networks beside plain networks, and its masks, with permission to read files alone",
  withFolder(async (folder) => {
    judgedSweep(folder);
    const { status, stdout, stderr } = await runScript(folder);
    assertEquals([status, stdout], [0, `${networks}\nMasks, linear probe top-1 %:\n\n${masks}`], stderr);
  }),
);

Deno.test(
  "a folder that is no sweep is refused in a line",
  withFolder(async (folder) => {
    const { status, stdout, stderr } = await runScript(folder);
    assertEquals([status, stdout], [2, ""]);
    assertMatch(stderr, /^tabulate: .*: is not a sweep \(no plan\.json\); give a folder that sweep made\n$/);
  }),
);

Deno.test(
  "several sweeps share one table and the plain networks, and runs without an evaluation are counted",
  withFolder((folder) => {
    const [plain, gated] = [judgedSweep(join(folder, "plain")), judgedSweep(join(folder, "gated"))];
    const remove = (sweep: SweepFolder, isRemoved: (name: string) => boolean) => {
      const removed = sweep.plan.runs.filter(({ name }) => isRemoved(name));
      for (const { name } of removed) Deno.removeSync(join(sweep.runPath(name), "evaluation.json"));
    };
    remove(plain, (name) => name.startsWith("mode=dual"));
    remove(gated, (name) => name.startsWith("mode=vanilla") || name.includes("seed=1"));
    const text = tabulate([plain.path, gated.path]);
    assertStringIncludes(text, `${plain.path}: 4 of 10 runs are not evaluated.\n`);
    assertStringIncludes(text, `${gated.path}: 8 of 10 runs are not evaluated.\n`);
    // Seed 0 alone has 59.5 %, and plain networks have 58 % at 20 M MACs.
    assertMatch(text, /^\| dual +\| gated +\| budget 0\.5 +.*\| 59\.50 +\| \+1\.5 +\|$/m);
  }),
);
