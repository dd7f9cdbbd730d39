/**
 * Tests of the passes that the steps of a run consist of.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { gatedViews, pairsBetween, plannedPairs } from "../../src/training/mod.ts";

Deno.test("dual sends view 1 through the gates and view 2 around them; symmetric adds the exchange", () => {
  const pair = [{ pass: "gated", view: 0 }, { pass: "dense", view: 1 }];
  const exchanged = [{ pass: "gated", view: 1 }, { pass: "dense", view: 0 }];
  assertEquals<unknown>(plannedPairs({ mode: "dual", symmetric: false }), [pair]);
  assertEquals<unknown>(plannedPairs({ mode: "dual", symmetric: true }), [pair, exchanged]);
  assertEquals(gatedViews({ mode: "dual", symmetric: false }), [0, 0]);
  assertEquals(gatedViews({ mode: "dual", symmetric: true }), [0, 1]);
  assertEquals(gatedViews({ mode: "gated", symmetric: false }), [0, 1]);
});

Deno.test("every pass of a vanilla step is dense", () => {
  const dense = [[{ pass: "dense", view: 0 }, { pass: "dense", view: 1 }]];
  assertEquals<unknown>(plannedPairs({ mode: "gated", symmetric: false }, true), dense);
  assertEquals(plannedPairs({ mode: "gated", symmetric: false })[0]?.[0].pass, "gated");
});

Deno.test("the pairs of some steps are counted by whether these have gates", () => {
  const dual = { mode: "dual", symmetric: false, gateWarmup: 3, vanillaShare: 0 } as const;
  assertEquals(pairsBetween(dual, 0, 100, 10), 100);
  const symmetric = { ...dual, symmetric: true };
  // 30 steps without gates have a pair each, later steps two.
  assertEquals(pairsBetween(symmetric, 0, 100, 10), 30 + 140);
  assertEquals(pairsBetween(symmetric, 25, 35, 10), 5 + 10);
  assertEquals(pairsBetween(symmetric, 40, 50, 10), 20);
  assertEquals(pairsBetween(symmetric, 5, 15, 10), 10);
  assertEquals(pairsBetween({ ...symmetric, vanillaShare: 0.5 }, 0, 100, 10), 30 + 70 * 1.5);
});
