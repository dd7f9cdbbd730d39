/**
 * When a budget is missed, and why.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { causeOfMiss, missedBudget } from "../../src/budget/mod.ts";

Deno.test("a budget is missed by more than one point in either direction, and kept at one point", () => {
  assertEquals(missedBudget(0.573, 0.3), 0.273);
  assertEquals(missedBudget(0.2899, 0.3), -0.0101);
  // In floating point 0.31 - 0.3 is more than 0.01.
  assertEquals(missedBudget(0.31, 0.3), null);
  assertEquals(missedBudget(0.29, 0.3), null);
  assertEquals(missedBudget(0.3101, 0.3), 0.0101);
  assertEquals(missedBudget(1.02, 1), 0.02);
});

Deno.test("a network without gates, and one that was not measured, miss no budget", () => {
  assertEquals(missedBudget(1, null), null);
  assertEquals(missedBudget(undefined, 0.3), null);
  assertEquals(missedBudget(null, 0.3), null);
});

Deno.test("a short run missed its budget for want of steps, which more epochs give", () => {
  const run = { rule: "default", gateWarmup: 0, vanillaShare: 0 } as const;
  assertEquals(causeOfMiss({ ...run, epochs: 3, stepsPerEpoch: 2 }), {
    cause: "6 steps with gates are too few for the cost to settle",
    epochs: 500,
  });
  assertEquals(causeOfMiss({ ...run, gateWarmup: 4, epochs: 10, stepsPerEpoch: 39 }), {
    cause: "234 steps with gates are too few for the cost to settle",
    epochs: 4 + 26,
  });
  // Three quarters of the steps have no gates.
  assertEquals(causeOfMiss({ ...run, gateWarmup: 4, vanillaShare: 0.75, epochs: 10, stepsPerEpoch: 40 }), {
    cause: "60 steps with gates are too few for the cost to settle",
    epochs: 4 + 100,
  });
  assertEquals(
    causeOfMiss({ ...run, epochs: 1, stepsPerEpoch: 1 }).cause,
    "1 step with gates is too few for the cost to settle",
  );
  assertEquals(causeOfMiss({ ...run, epochs: 30, stepsPerEpoch: 100 }), {
    cause: "the cost has not settled in 3000 steps with gates",
    epochs: 60,
  });
});

Deno.test("the published rule misses by design, however long the run", () => {
  const { cause, epochs } = causeOfMiss({
    rule: "paper",
    epochs: 500,
    gateWarmup: 0,
    vanillaShare: 0,
    stepsPerEpoch: 195,
  });
  assertMatch(cause, /miss by design, and --budget-rule default does not/);
  assertEquals(epochs, null);
});
