/**
 * Tests of the comparison with plain networks, against values computed by hand.
 *
 * @module
 */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { reportOfSweep, type ReportRun } from "../../src/report/mod.ts";
import { configurationsOf, type Measure, outcomesOf } from "../../src/report/outcomes.ts";
import { formatPoints, PlainCurves } from "../../src/report/plain_curve.ts";
import { withFolder } from "../folders.ts";
import { judgedSweep } from "./judged_sweep.ts";

/** The points above plain of a sweep's networks, some of whose runs are changed; null if there is no curve. */
function pointsAbove(
  path: string,
  measure: Measure,
  change: (run: ReportRun) => ReportRun | null = (run) => run,
): (number | null)[] | null {
  const { keys, runs, ...data } = reportOfSweep(judgedSweep(path));
  const changed = runs.map(change).filter((run) => run !== null);
  const outcomes = outcomesOf(configurationsOf({ ...data, keys, runs: changed }));
  const curves = new PlainCurves(outcomes, measure);
  return curves.isEmpty ? null : outcomes.map((outcome) => curves.above(outcome));
}

Deno.test(
  "a network is compared with the better plain networks, interpolated in the logarithm of the cost",
  withFolder((folder) => {
    // Plain networks have 54 % at 10 M MACs and 62 % at 40 M: 58 % at 20 M. The last network costs 4 M.
    assertEquals(pointsAbove(join(folder, "probe"), "probe"), [null, null, null, 2, 2.5, -2, null]);
    // 20-NN: 44 % at 10 M MACs, 52 % at 40 M, 48 % at 20 M.
    assertEquals(pointsAbove(join(folder, "knn"), "knn20"), [null, null, null, 2, 2.5, -2, null]);
  }),
);

Deno.test(
  "plain networks of three costs are joined piece by piece",
  withFolder((folder) => {
    const points = pointsAbove(folder, "probe", (run) => {
      const { name, evaluation } = run;
      const dense = evaluation?.networks.dense;
      if (!name.startsWith("mode=vanilla,width=8,seed") || evaluation === null || dense === undefined) return run;
      const between = { ...dense, cost: { macs: 20e6 * 2 ** 0.5, share: 1 } };
      return { ...run, evaluation: { ...evaluation, networks: { dense: between } } };
    });
    // 51 % at 28.3 M MACs: 20 M lies at two thirds of the way from 10 M, so plain networks have 54 - 2 = 52 % there.
    assertAlmostEquals(points?.[4] ?? NaN, 60.5 - 52, 1e-9);
  }),
);

Deno.test(
  "nothing is compared without plain networks of two costs",
  withFolder((folder) => {
    const isNarrow = ({ config: { mode, width } }: ReportRun) => mode === "vanilla" && width === 8;
    assertEquals(pointsAbove(folder, "probe", (run) => isNarrow(run) ? null : run), null);
  }),
);

Deno.test(
  "a network is not compared with plain networks that were trained for other epochs, or with half of the work",
  withFolder((folder) => {
    const dualWith = (options: object) => (run: ReportRun) =>
      run.config.mode === "dual" ? { ...run, config: { ...run.config, ...options } } : run;
    const none = Array.from({ length: 7 }, () => null);
    assertEquals(pointsAbove(join(folder, "longer"), "probe", dualWith({ epochs: 99 })), none);
    assertEquals(pointsAbove(join(folder, "symmetric"), "probe", dualWith({ symmetric: true })), none);
  }),
);

Deno.test("points have a sign unless they are rounded to 0", () => {
  assertEquals([4.56, -0.31, 0.04, -0.04].map(formatPoints), ["+4.6", "−0.3", "0.0", "0.0"]);
});
