/**
 * Tests of the message about a missed budget.
 *
 * @module
 */
import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { describeMiss, markedShare } from "../../../cli/ui/missed_budget.ts";

Deno.test("a miss is one line with its cause, the command that helps, and the smallest reachable cost", () => {
  const config = { budget: 0.3, budgetRule: "default", epochs: 3, gateWarmup: 0, vanillaShare: 0 } as const;
  const ended = { path: "runs/x", config, steps: 6, budgetMissed: 0.273, smallest: 0.03641 };
  assertEquals(
    describeMiss(ended),
    "--budget 0.3 is missed: the gated network costs 0.5730 of the dense one, +0.2730 from the budget: 6 steps with gates " +
      "are too few for the cost to settle; train longer: sluice pretrain --resume runs/x --epochs 500 " +
      "--stretch-schedule; the smallest reachable cost is 0.0364",
  );
  const paper = describeMiss({ ...ended, config: { ...config, budgetRule: "paper" }, budgetMissed: -0.05 });
  assertMatch(paper, /costs 0\.2500 of the dense one, -0\.0500 from the budget: the published penalties/);
  assertNotMatch(paper, /--resume/);
});

Deno.test("a table marks a cost that missed its budget", () => {
  assertEquals(markedShare(0.573, 0.273), "0.5730, missed by +0.2730");
  assertEquals(markedShare(0.25, -0.05), "0.2500, missed by -0.0500");
  assertEquals(markedShare(0.3, null), "0.3000");
  assertEquals(markedShare(undefined, null), undefined);
});
