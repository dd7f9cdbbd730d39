/**
 * Tests the GPU kit on the stand-in for a GPU, in a bare root folder.
 *
 * @module
 */
import { assertEquals, assertGreater, assertMatch } from "@std/assert";

import { obstacle } from "../../executable/bare_root.ts";
import { withFolder } from "../../folders.ts";
import { assertOutcome, resultsOf, unpackKit } from "./bare_kit.ts";
import { kitReport } from "./report.ts";
import { kitSections } from "./sections.ts";

const reason = await obstacle();
if (reason !== null) console.log(`skipped: the GPU kit in a bare root (${reason})`);

Deno.test({
  name: "in a bare root every section of the kit passes, and when the time is over what was done before is kept",
  ignore: reason !== null,
  fn: withFolder(async (root) => {
    const run = await unpackKit(root);
    assertEquals((await run("soon")).status, 2);

    const whole = await run("10", "--tiny");
    const results = resultsOf(root);
    const names = kitSections("tiny").map(({ name }) => name);
    assertEquals(results.map(({ section }) => section), names, whole.stderr);
    for (const result of results) assertOutcome(result);
    assertEquals(whole.status, 0, whole.stderr);
    const report = kitReport(results);
    assertMatch(report, /^\| native tests \| passed \| /m);
    assertMatch(report, /^Losses of 1 steps beside the CPU's: largest relative difference /m);
    assertMatch(report, /^\| step, width 4, tf32 \| [\d.]+ \| /m);
    assertMatch(report, /^\| inference, width 4, bf16 \| 1 \| /m);
    assertMatch(report, /^\| sl_conv_forward \| 2 34 34 4 4 3 3 1 1 1 \| /m);

    await run("0.2", "--tiny");
    const cut = resultsOf(root, "gpu-results-2.jsonl");
    assertEquals(cut.map(({ section }) => section), names);
    const late = cut.findIndex(({ outcome, reason }) => outcome === "cut off" || reason === "the time is over");
    assertGreater(late, 0, "the first sections take less than the time");
    for (const result of cut.slice(0, late)) assertOutcome(result);
    assertEquals(new Set(cut.slice(late + 1).map((one) => one.reason)), new Set(["the time is over"]));
  }),
});
