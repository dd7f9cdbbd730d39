/**
 * The work of a run, against sums by hand.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { networkSpec } from "../../src/config/network.ts";
import { resolveConfig } from "../../src/config/config.ts";
import { networkCost } from "../../src/models/mod.ts";
import { workOf } from "../../src/sweep/mod.ts";

Deno.test("an evaluation encodes trained and untrained networks, and the gated one 12 times more under other masks", () => {
  const evaluationOf = (mode: "dual" | "vanilla" | "gated", protocols: readonly ("knn" | "masks")[]) => {
    const config = resolveConfig({ flags: { mode, width: 4, epochs: 2 } });
    const { macs } = networkCost(networkSpec(config, 16));
    const { evaluation } = workOf({ config, side: 16, trainingImages: 100, evaluationImages: 30, protocols });
    // A MAC of an encoding, in f32, takes as long as two of training.
    return evaluation / (2 * 30 * macs);
  };
  assertEquals(evaluationOf("dual", ["knn"]), 4);
  assertEquals(evaluationOf("dual", ["knn", "masks"]), 16);
  assertEquals(evaluationOf("gated", ["knn", "masks"]), 14);
  assertEquals(evaluationOf("vanilla", ["knn", "masks"]), 2);
});

Deno.test("a symmetric run computes two pairs in each epoch with gates, and one in each epoch of its gate warm-up", () => {
  const trainingOf = (gateWarmup: number) => {
    const config = resolveConfig({ flags: { mode: "dual", symmetric: true, width: 4, epochs: 4, gateWarmup } });
    return workOf({ config, side: 16, trainingImages: 100, evaluationImages: 30, protocols: [] }).training;
  };
  // 8 pairs of passes without a warm-up, 1 + 3 x 2 with one epoch of it.
  assertEquals(trainingOf(1) / trainingOf(0), 7 / 8);
});
