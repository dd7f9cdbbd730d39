/**
 * Compares the default rule's terms with their formulas, and tries its controller on simulated gates.
 *
 * @module
 */

import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { BudgetController, controlledBudgetTerms, priceOf, uniformOpenShare } from "../../src/budget/mod.ts";
import { gatedMacs, networkCost, smallestBudget } from "../../src/models/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const spec = { arch: "resnet18", width: 4, stem: "cifar", image: 16 } as const;
const cost = networkCost(spec);

Deno.test("the default rule's terms are a price on the cost, and bounds at the open share that costs the target", () => {
  using device = openDevice();
  using _scope = new Scope();
  const shares = [0.25, 1, 0.25, 0, 0.5, 0.3125, 1, 0.09375];
  const masks = cost.blocks.map((_, block) => {
    const count = [4, 4, 8, 8, 16, 16, 32, 32][block] ?? 0;
    const open = (shares[block] ?? 0) * count;
    return Tensor.from(device, Float32Array.from({ length: 2 * count }, (_, i) => Number(i % count < open)), [
      2,
      count,
    ]);
  });
  const [target, tightness, multiplier] = [0.4, 0.7, -3];
  const terms = controlledBudgetTerms(
    null,
    masks,
    cost,
    { target, tightness },
    priceOf(device, { multiplier, target }),
  );
  const share = gatedMacs(cost, shares) / cost.macs;
  const s = uniformOpenShare(cost, target);
  const hinges = (values: number[]) => values.reduce((sum, value) => sum + Math.max(0, value) ** 2, 0) / values.length;
  const below = hinges(shares.map((d) => tightness * s - d));
  const above = hinges(shares.map((d) => d - (1 - tightness + tightness * s)));
  assertAlmostEquals(terms.share.item(), share, 1e-6);
  assertAlmostEquals(terms.macs.item(), multiplier * (share - target), 1e-6);
  assertAlmostEquals(terms.bound.item(), below + above, 1e-6);
});

Deno.test("a network whose blocks all have the uniform open share costs the target", () => {
  for (const target of [0.1, 0.35, 0.9]) {
    const open = uniformOpenShare(cost, target);
    assertAlmostEquals(gatedMacs(cost, cost.blocks.map(() => open)) / cost.macs, target, 1e-12);
  }
  assertEquals(uniformOpenShare(cost, smallestBudget(spec) / 2), 0);
  assertEquals(uniformOpenShare(cost, 1.5), 1);
});

/**
 * Simulates gates whose open share, between 0 and 1, changes in each step by speed (pull - price). Plain images cost
 * `offset` more than batches.
 */
function simulate(
  options: { target: number; speed: number; pull: number; offset: number; steps: number; priceScale?: number },
): number[] {
  const { target, speed, pull, offset, steps, priceScale = 1 } = options;
  const controller = new BudgetController(target, priceScale);
  const costs: number[] = [];
  let share = 0.5;
  for (let step = 0; step < steps; step++) {
    const price = controller.multiplier;
    // The trainer reads shares one step late.
    controller.observe(share);
    if (step % 10 === 9) controller.calibrate(share + offset);
    share = Math.min(1, Math.max(0, share + speed * (pull - price)));
    costs.push(share + offset);
  }
  return costs;
}

for (const target of [0.1, 0.3, 0.5, 0.7, 0.9]) {
  Deno.test(`the controller brings gates of any speed to a cost of ${target}, against any pull of the objective`, () => {
    for (const speed of [0.0003, 0.0014, 0.002]) {
      for (const pull of [-1, 0, 3, 8]) {
        for (const offset of [-0.02, 0, 0.02]) {
          const costs = simulate({ target, speed, pull, offset, steps: 600 });
          const late = costs.slice(-100).map((value) => Math.abs(value - target));
          assertLess(Math.max(...late), 0.002, `speed ${speed}, pull ${pull}, offset ${offset}: ${Math.max(...late)}`);
        }
      }
    }
  });
}

Deno.test("prices scaled by 0.2 bring gates to the target if the objective's pull is scaled as well", () => {
  for (const [target, pull] of [[0.1, 0.6], [0.3, 0], [0.5, -0.2], [0.7, 1.6]] as const) {
    const costs = simulate({ target, speed: 0.002, pull, offset: 0.02, steps: 1500, priceScale: 0.2 });
    const late = costs.slice(-100).map((value) => Math.abs(value - target));
    assertLess(Math.max(...late), 0.002, `target ${target}, pull ${pull}: ${Math.max(...late)}`);
  }
});

/**
 * Prices for a target of 0.3 after batches of 0.5, 0.4 and 0.35, each followed by plain images that cost 0.01 more. By
 * hand: the gain after n steps is 60 + 0.7 n. Each step adds 1e-4 gain^2 min(error, 0.05) to the integral part. The
 * price is gain min(error, 0.1) plus the integral part. The smoothed share is 0.5, then 0.48. The offset is 0.01, then
 * 0.01 + 0.3 (0.41 - 0.48 - 0.01) = -0.014. So the errors are 0.2, 0.11 and 0.036.
 */
const prices = [
  60.7 * 0.1 + 1e-4 * (60.7 ** 2 * 0.05),
  61.4 * 0.1 + 1e-4 * (60.7 ** 2 + 61.4 ** 2) * 0.05,
  62.1 * 0.036 + 1e-4 * ((60.7 ** 2 + 61.4 ** 2) * 0.05 + 62.1 ** 2 * 0.036),
];

for (const scale of [1, 0.2]) {
  Deno.test(`the controller's prices are as computed by hand, times a scale of ${scale}, although it is restored after each step`, () => {
    let controller = new BudgetController(0.3, scale);
    assertEquals(controller.multiplier, 0);
    [0.5, 0.4, 0.35].forEach((share, step) => {
      controller.observe(share);
      const expected = scale * (prices[step] ?? NaN);
      assertAlmostEquals(controller.multiplier, expected, 1e-12, `${controller.multiplier}, not ${expected}`);
      controller.calibrate(share + 0.01);
      controller = new BudgetController(0.3, scale, JSON.parse(JSON.stringify(controller.state)));
    });
  });
}
