/**
 * The cost of passes through bottlenecks, where two gates multiply: its value, its gradient, and the open share that
 * costs a target.
 *
 * @module
 */

import { assertAlmostEquals, assertEquals, assertGreater, assertLess, fail } from "@std/assert";
import { compareWithDifferences, Tape } from "../../src/autograd/mod.ts";
import {
  controlledBudgetTerms,
  costShare,
  openness,
  paperBudgetTerms,
  priceOf,
  uniformOpenShare,
} from "../../src/budget/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { gatedMacs, gateSpecs, networkCost, smallestBudget, termShares } from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const spec = { arch: "resnet50", width: 4, stem: "cifar", image: 16 } as const;
const cost = networkCost(spec);
const gates = gateSpecs(spec);
const batch = 6;

/**
 * Masks by gate of images that open more or less throughout, so that the mean of products is not the product of means.
 */
function randomMasks(): Float64Array[] {
  return gates.map(({ channels }, gate) => {
    const random = new RandomStream(7, 1, gate);
    return Float64Array.from({ length: batch * channels }, (_, at) => {
      return Number(random.uniform() < 0.1 + 0.8 * Math.floor(at / channels) / (batch - 1));
    });
  });
}

function upload(device: Device, masks: readonly Float64Array[]): Tensor[] {
  return masks.map((mask) => Tensor.from(device, Float32Array.from(mask), [batch, mask.length / batch]));
}

/** Each image's share of open channels, by gate. */
function imageShares(masks: readonly Float64Array[], image: number): number[] {
  return masks.map((mask) => {
    const channels = mask.length / batch;
    return mask.subarray(image * channels, (image + 1) * channels).reduce((all, bit) => all + bit, 0) / channels;
  });
}

/** The mean over the images of what each alone costs, over the dense network's cost. */
function shareOf(masks: readonly Float64Array[]): number {
  const macs = Array.from(
    { length: batch },
    (_, image) => gatedMacs(cost, termShares(cost, imageShares(masks, image))),
  );
  return macs.reduce((all, own) => all + own, 0) / batch / cost.macs;
}

Deno.test("the share of a batch is the mean of its images' own costs, and not the cost of mean open shares", () => {
  using device = openDevice();
  using _scope = new Scope();
  const masks = randomMasks();
  const open = openness(null, upload(device, masks), cost);
  assertAlmostEquals(costShare(null, open.terms, cost).item(), shareOf(masks), 1e-6);
  const means = [...open.gates.toFloat32()];
  assertGreater(Math.abs(gatedMacs(cost, termShares(cost, means)) / cost.macs - shareOf(masks)), 0.01);
});

Deno.test("the gradient of the share is that of each image's product", () => {
  using device = openDevice();
  using _scope = new Scope();
  const masks = randomMasks();
  const tensors = upload(device, masks);
  for (const tensor of tensors) tensor.requiresGrad = true;
  const tape = new Tape();
  tape.backward(costShare(tape, openness(tape, tensors, cost).terms, cost));
  masks.forEach((mask, gate) => {
    const gradient = tape.gradient(tensors[gate] ?? fail())?.toFloat32() ?? [];
    assertLess(compareWithDifferences(mask, gradient, () => shareOf(masks), { step: 1e-3 }), 1e-9, `gate ${gate}`);
  });
});

Deno.test("either rule bounds every gate by its own open share", () => {
  using device = openDevice();
  using _scope = new Scope();
  const masks = randomMasks();
  const [target, tightness] = [0.4, 0.7];
  const shares = masks.map((mask) => mask.reduce((all, bit) => all + bit, 0) / mask.length);
  const hinges = (values: number[]) => values.reduce((all, value) => all + Math.max(0, value) ** 2, 0) / values.length;
  const boundAt = (s: number) =>
    hinges(shares.map((d) => tightness * s - d)) + hinges(shares.map((d) => d - (1 - tightness + tightness * s)));
  const price = priceOf(device, { multiplier: 2, target });
  const controlled = controlledBudgetTerms(null, upload(device, masks), cost, { target, tightness }, price);
  assertAlmostEquals(controlled.bound.item(), boundAt(uniformOpenShare(cost, target)), 1e-6);
  assertAlmostEquals(controlled.macs.item(), 2 * (shareOf(masks) - target), 1e-6);
  const paper = paperBudgetTerms(null, upload(device, masks), cost, { target, tightness });
  assertAlmostEquals(paper.bound.item(), boundAt(Math.sqrt(target)), 1e-6);
  assertAlmostEquals(paper.macs.item(), 5 * (shareOf(masks) - target) ** 2, 1e-6);
});

Deno.test("bottlenecks whose gates all have the uniform open share cost the target", () => {
  for (const target of [0.2, 0.35, 0.5, 0.9, 1]) {
    const open = uniformOpenShare(cost, target);
    const share = gatedMacs(cost, termShares(cost, gates.map(() => open))) / cost.macs;
    assertAlmostEquals(share, target, 1e-12, `${target}: ${share}`);
  }
  assertEquals(uniformOpenShare(cost, smallestBudget(spec) / 2), 0);
  assertEquals(uniformOpenShare(cost, 1.5), 1);
});
