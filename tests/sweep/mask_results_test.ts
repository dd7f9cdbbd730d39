/**
 * Tests of what a sweep's results say about masks.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { RunFolder } from "../../src/run/run_folder.ts";
import { formatCsv, readResults, readRunState } from "../../src/sweep/mod.ts";
import { withFolder } from "../folders.ts";
import { judgedSweep } from "../report/judged_sweep.ts";

Deno.test(
  "results have the static mask, the oracle and rho of a gated network, and nothing of a dense one",
  withFolder((folder) => {
    const results = readResults(judgedSweep(folder));
    const [dense, gated] = results.rows.filter(({ run }) => run === "mode=dual,budget=0.5,seed=0");
    const none = { knn20: null, probeTop1: null };
    assertEquals(dense?.staticMask, { cost: null, asIs: none, recalibrated: none });
    assertEquals([dense?.oracle, dense?.rho], [none, null]);
    assertEquals(gated?.staticMask, {
      cost: 0.5,
      asIs: { knn20: 50.5, probeTop1: 60.5 },
      recalibrated: { knn20: 48.5, probeTop1: 58.5 },
    });
    assertEquals([gated?.oracle, gated?.rho], [{ knn20: 47, probeTop1: 57 }, 0.1]);

    const [heads = "", ...lines] = formatCsv(results).trimEnd().split("\n");
    const [begin, end] = ["staticCost", "rho"].map((name) => heads.split(",").indexOf(name));
    const cells = lines.map((line) => line.replace(/^".*?"/, "").split(",").slice(begin, (end ?? NaN) + 1).join());
    assertEquals(cells[6], ",,,,,,,", "dense");
    assertEquals(cells[7], "0.5,50.5,60.5,48.5,58.5,47,57,0.1", "gated");
  }),
);

Deno.test(
  "a run whose masks an earlier version measured without static masks of every way is evaluated again",
  withFolder((folder) => {
    const sweep = judgedSweep(folder);
    const run = sweep.plan.runs.find(({ name }) => name === "mode=dual,budget=0.5,seed=0");
    assert(run);
    assertEquals(readRunState(sweep, run).phase, "done");
    const { path } = RunFolder.open(sweep.runPath(run.name));
    const file = `${path}/evaluation.json`;
    const evaluation = JSON.parse(Deno.readTextFileSync(file));
    const { own, exchanged, static: one } = evaluation.networks.gated.masks;
    evaluation.networks.gated.masks = { own, exchanged, static: one };
    Deno.writeTextFileSync(file, JSON.stringify(evaluation));
    assertEquals(readRunState(sweep, run).phase, "stopped");
  }),
);
