/**
 * Tests of what a sweep's results say about masks.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { formatCsv, readResults } from "../../src/sweep/mod.ts";
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
    const begin = heads.split(",").indexOf("staticCost");
    const cells = lines.map((line) => line.replace(/^".*?"/, "").split(",").slice(begin).join());
    assertEquals(cells[6], ",,,,,,,", "dense");
    assertEquals(cells[7], "0.5,50.5,60.5,48.5,58.5,47,57,0.1", "gated");
  }),
);
