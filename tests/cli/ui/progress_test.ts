/**
 * Tests of a run's progress messages.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { describeEvaluation, describeStep, formatDuration, formatSeconds } from "../../../cli/ui/progress.ts";

Deno.test("seconds are shown as minutes and seconds, with hours from 3600 on", () => {
  assertEquals(formatSeconds(0), "0:00");
  assertEquals(formatSeconds(93.4), "1:33");
  assertEquals(formatSeconds(3723), "1:02:03");
  assertEquals(formatSeconds(-1), "0:00");
});

Deno.test("an estimated duration has the two units that matter", () => {
  assertEquals([0.2, 45, 200, 12_000, 200_000].map(formatDuration), [
    "1 s",
    "45 s",
    "3 min",
    "3 h 20 min",
    "2 d 7 h",
  ]);
});

Deno.test("an evaluation is one line with the accuracy and the cost of both networks", () => {
  const health = { featureStd: 0.5, effectiveRank: 20, covariance: 0.01 };
  const networks = {
    dense: { knn20: 41.5, cost: { macs: 100, share: 1 }, health },
    gated: { knn20: 40.25, cost: { macs: 30, share: 0.3 }, health },
  };
  const line = describeEvaluation({ step: 10, epoch: 2, networks });
  assertEquals(line, "epoch 2: dense 20-NN 41.50 % at cost 1.0000, gated 20-NN 40.25 % at cost 0.3000");
});

Deno.test("a step shows cost and budget first, then the loss, the last 20-NN accuracy, the speed and the terms", () => {
  const record = {
    ...{ step: 12, steps: 100, epoch: 1, loss: 39.25, share: 0.41, noiseFreeShare: 0.3012, multiplier: 2, lr: 0.1 },
    ...{ viewsPerSecond: 812.4, wait: 0, time: 3, terms: { invariance: 0.25, objective: 39, macs: 0.25, bound: 0 } },
  };
  const health = { featureStd: 0.5, effectiveRank: 20, covariance: 0.01 };
  const networks = { gated: { knn20: 40.25, cost: { macs: 30, share: 0.3 }, health } };
  const [cost, loss, ...rest] = ["cost 0.301 of 0.3", "loss 39.250", "812 views/s", "invariance 0.250"];
  assertEquals(describeStep(record, 0.3, {}), [cost, loss, ...rest]);
  assertEquals(describeStep(record, 0.3, networks), [cost, loss, "20-NN gated 40.3", ...rest]);
  assertEquals(describeStep({ ...record, noiseFreeShare: null }, 0.3, {}), [loss, ...rest]);
  const falling = "cost 0.301 of 0.413, falling to 0.3";
  assertEquals(describeStep({ ...record, target: 0.4128 }, 0.3, {}), [falling, loss, ...rest]);
  assertEquals(describeStep({ ...record, target: 0.3 }, 0.3, {}), [cost, loss, ...rest]);
});
