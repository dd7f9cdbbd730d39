/**
 * The budget terms against their formulas in float64.
 *
 * @module
 */

import { assertAlmostEquals } from "@std/assert";
import { paperBudgetTerms } from "../../src/budget/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { gatedMacs, networkCost } from "../../src/models/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const cost = networkCost({ arch: "resnet18", width: 4, stem: "cifar", image: 16 });
const channels = [4, 4, 8, 8, 16, 16, 32, 32];
const batch = 4;

/** Opens the first `open[b]` channels of every image. */
function masksOf(device: Device, open: readonly number[]): Tensor[] {
  return channels.map((count, block) => {
    const values = Float32Array.from({ length: batch * count }, (_, i) => Number(i % count < (open[block] ?? 0)));
    return Tensor.from(device, values, [batch, count]);
  });
}

for (
  const { label, open } of [
    { label: "no channel open", open: channels.map(() => 0) },
    { label: "every channel open", open: channels },
    { label: "some channels open", open: [1, 4, 2, 0, 8, 5, 32, 3] },
  ]
) {
  Deno.test(`the paper's budget terms equal their formulas with ${label}`, () => {
    using device = openDevice();
    using _scope = new Scope();
    const [target, tightness] = [0.3, 0.8];
    const terms = paperBudgetTerms(null, masksOf(device, open), cost, {
      target,
      tightness,
    });

    const shares = open.map((count, block) => count / (channels[block] ?? 1));
    const share = gatedMacs(cost, shares) / cost.macs;
    const s = Math.sqrt(target);
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const below = mean(shares.map((d) => Math.max(0, tightness * s - d) ** 2));
    const above = mean(shares.map((d) => Math.max(0, d - (1 - tightness + tightness * s)) ** 2));
    assertAlmostEquals(terms.share.item(), share, 1e-6);
    assertAlmostEquals(terms.macs.item(), 5 * (share - target) ** 2, 1e-6);
    assertAlmostEquals(terms.bound.item(), below + above, 1e-6);
  });
}
