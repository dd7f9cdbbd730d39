/**
 * Tests of what a report says about masks, against values computed by hand.
 *
 * @module
 */
import { assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import type { MaskWorth, NetworkEvaluation } from "../../src/evaluation/mod.ts";
import { type ReportData, reportOfSweep, reportPage, type ReportRun } from "../../src/report/mod.ts";
import { type MaskOutcome, maskOutcomesOf } from "../../src/report/mask_outcomes.ts";
import { configurationsOf, outcomesOf } from "../../src/report/outcomes.ts";
import { PlainCurves } from "../../src/report/plain_curve.ts";
import { withFolder } from "../folders.ts";
import { judgedSweep } from "./judged_sweep.ts";

function masksOf(data: ReportData): MaskOutcome[] {
  const outcomes = outcomesOf(configurationsOf(data));
  return maskOutcomesOf(outcomes, new PlainCurves(outcomes, "probe"));
}

/** The data with other evaluations of the gated networks. */
function withGated(
  { runs, ...data }: ReportData,
  change: (gated: NetworkEvaluation) => NetworkEvaluation,
): ReportData {
  const changed = runs.map((run): ReportRun => {
    const { evaluation } = run;
    const gated = evaluation?.networks.gated;
    if (evaluation === null || gated === undefined) return run;
    return { ...run, evaluation: { ...evaluation, networks: { ...evaluation.networks, gated: change(gated) } } };
  });
  return { ...data, runs: changed };
}

function means({ accuracies }: MaskOutcome): Record<string, number> {
  return Object.fromEntries([...accuracies].map(([{ name }, { mean }]) => [name, mean]));
}

Deno.test(
  "masks are summarised over seeds, and their points above plain follow from their own cost and accuracy",
  withFolder((folder) => {
    const [half, tenth, ...others] = masksOf(reportOfSweep(judgedSweep(folder)));
    assertEquals(others, []);
    assertEquals(half === undefined ? {} : means(half), {
      "own": 60.5,
      "own, recalibrated": 61,
      "exchanged": 53.5,
      "all open, recalibrated": 63.5,
      "static: open most": 61.5,
      "static: open most, recalibrated": 59.5,
      "static: open most per MAC": 58.5,
      "static: open most per MAC, recalibrated": 57.5,
      "static: open most by gate": 56.5,
      "static: open most by gate, recalibrated": 55.5,
      "static: score per MAC": 54.5,
      "static: score per MAC, recalibrated": 62.5,
      "oracle, recalibrated": 58,
    });
    assertEquals(half?.bestStatic?.name, "static: score per MAC, recalibrated");
    assertEquals(half?.rho?.mean, 0.2);
    // Plain networks have 58 % at 20 M MACs. The static mask to compare with is open most, as it is.
    assertEquals([half?.ownAbovePlain, half?.staticAbovePlain], [2.5, 3.5]);
    assertEquals([tenth?.ownAbovePlain, tenth?.staticAbovePlain], [null, null], "cheaper than any plain network");
  }),
);

Deno.test(
  "an evaluation of an earlier version has one static mask, by gate and as it is",
  withFolder((folder) => {
    const earlier = ({ own, exchanged, static: asIs }: MaskWorth): MaskWorth => ({ own, exchanged, static: asIs });
    const data = withGated(reportOfSweep(judgedSweep(folder)), ({ masks, ...gated }) => {
      return masks === undefined ? gated : { ...gated, masks: earlier(masks) };
    });
    const [half] = masksOf(data);
    assertEquals(half === undefined ? {} : means(half), {
      "own": 60.5,
      "exchanged": 53.5,
      "static: open most by gate": 61.5,
    });
    assertEquals([half?.bestStatic?.name, half?.rho], ["static: open most by gate", null]);
    assertEquals([half?.ownAbovePlain, half?.staticAbovePlain], [2.5, null], "networks are compared by one way");
    assertNotMatch(reportPage(data), />oracle, recalibrated</);
  }),
);

Deno.test(
  "masks are not compared with plain networks that were judged by the augmented probe",
  withFolder((folder) => {
    const data = withGated(reportOfSweep(judgedSweep(folder)), (gated) => {
      return { ...gated, linear: { top1: 58, top5: 90, std: null, seeds: 1 } };
    });
    const [half] = masksOf(data);
    assertEquals([half?.ownAbovePlain, half?.staticAbovePlain], [null, null]);
  }),
);

Deno.test(
  "a page has the column above plain and the table of masks if there is something to show",
  withFolder((folder) => {
    const data = reportOfSweep(judgedSweep(folder));
    const page = reportPage(data);
    assertMatch(
      page,
      /<td class="number" data-value="64">64\.00 ± 1\.41<\/td><td class="number" data-value="2">\+2\.0</,
    );
    assertMatch(
      page,
      /“Above plain” says by how many points of linear probe top-1 a network exceeds a vanilla network/,
    );
    assertMatch(page, /<h2 id="masks-title">What deciding image by image is worth<\/h2>/);
    assertStringIncludes(page, "<strong>62.50 ± 1.41</strong></td><td");
    assertEquals(page.match(/<strong>\d+\.\d\d ± 1\.41<\/strong>/g)?.length, 2, "a best static mask for each network");

    const dual = { ...data, runs: data.runs.filter(({ config }) => config.mode === "dual") };
    assertNotMatch(reportPage(dual), /bove plain/);
    assertMatch(reportPage(dual), /masks-title/);
    assertNotMatch(reportPage(withGated(data, ({ masks: _, ...gated }) => gated)), /masks-title|above plain:/);
  }),
);
