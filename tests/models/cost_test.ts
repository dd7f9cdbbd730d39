/**
 * MAC accounting against the published figures.
 *
 * @module
 */
import assert from "node:assert/strict";

import { gatedMacs, networkCost, type NetworkSpec, smallestBudget } from "../../src/models/mod.ts";

const resnet18 = (stem: NetworkSpec["stem"], image: number): NetworkSpec => ({
  arch: "resnet18",
  width: 64,
  stem,
  image,
});

Deno.test("resnet18 of width 64 costs the published number of multiply-accumulates for every stem", () => {
  assert.equal(networkCost(resnet18("cifar-paper", 32)).macs, 703_560_448);
  assert.equal(networkCost(resnet18("cifar", 32)).macs, 555_417_600);
  assert.equal(networkCost(resnet18("imagenet", 96)).macs, 333_103_104);
  assert.equal(networkCost(resnet18("imagenet", 224)).macs, 1_813_561_344);
});

Deno.test("the gates of resnet18 of width 64 cost 240,640 multiply-accumulates", () => {
  assert.equal(networkCost(resnet18("cifar", 32)).gateMacs, 240_640);
});

Deno.test("resnet18 of width 64 has torchvision's number of parameters without its classifier", () => {
  assert.equal(networkCost(resnet18("imagenet", 224)).params, 11_689_512 - 513_000);
});

Deno.test("resnet34 of width 64 costs the published numbers, and has torchvision's parameters", () => {
  const resnet34 = (stem: NetworkSpec["stem"], image: number) =>
    networkCost({ ...resnet18(stem, image), arch: "resnet34" });
  assert.equal(resnet34("cifar-paper", 32).macs, 1_459_419_904);
  assert.equal(resnet34("cifar", 32).macs, 1_159_397_376);
  assert.equal(resnet34("imagenet", 96).macs, 672_841_728);
  assert.equal(resnet34("imagenet", 224).macs, 3_663_249_408);
  assert.equal(resnet34("cifar", 32).gateMacs, 521_216);
  assert.equal(resnet34("imagenet", 224).params, 21_797_672 - 513_000);
});

Deno.test("a gated network with every channel open costs the dense network plus its gates", () => {
  const cost = networkCost(resnet18("cifar-paper", 32));
  assert.equal(gatedMacs(cost, cost.blocks.map(() => 1)), cost.macs + cost.gateMacs);
});

Deno.test("the smallest budget is what stem, shortcuts and gates cost", () => {
  const cost = networkCost(resnet18("cifar-paper", 32));
  const fixed = cost.stem + cost.gateMacs + cost.blocks.reduce((sum, block) => sum + block.shortcut, 0);
  assert.equal(smallestBudget(resnet18("cifar-paper", 32)), fixed / cost.macs);
});
