/**
 * MAC accounting against the published figures.
 *
 * @module
 */

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ShapeError } from "../../src/errors.ts";
import {
  channelMacs,
  denseParts,
  gatedMacs,
  gatedParts,
  gateSpecs,
  networkCost,
  type NetworkSpec,
  smallestBudget,
  termShares,
} from "../../src/models/mod.ts";

const resnet18 = (stem: NetworkSpec["stem"], image: number): NetworkSpec => ({
  arch: "resnet18",
  width: 64,
  stem,
  image,
});

Deno.test("resnet18 of width 64 costs the published number of multiply-accumulates for every stem", () => {
  assertEquals(networkCost(resnet18("cifar-paper", 32)).macs, 703_560_448);
  assertEquals(networkCost(resnet18("cifar", 32)).macs, 555_417_600);
  assertEquals(networkCost(resnet18("imagenet", 96)).macs, 333_103_104);
  assertEquals(networkCost(resnet18("imagenet", 224)).macs, 1_813_561_344);
});

Deno.test("the gates of resnet18 of width 64 cost 240,640 multiply-accumulates", () => {
  assertEquals(networkCost(resnet18("cifar", 32)).gateMacs, 240_640);
});

Deno.test("resnet18 of width 64 has torchvision's number of parameters without its classifier", () => {
  assertEquals(networkCost(resnet18("imagenet", 224)).params, 11_689_512 - 513_000);
});

Deno.test("resnet34 of width 64 costs the published numbers, and has torchvision's parameters", () => {
  const resnet34 = (stem: NetworkSpec["stem"], image: number) =>
    networkCost({ ...resnet18(stem, image), arch: "resnet34" });
  assertEquals(resnet34("cifar-paper", 32).macs, 1_459_419_904);
  assertEquals(resnet34("cifar", 32).macs, 1_159_397_376);
  assertEquals(resnet34("imagenet", 96).macs, 672_841_728);
  assertEquals(resnet34("imagenet", 224).macs, 3_663_249_408);
  assertEquals(resnet34("cifar", 32).gateMacs, 521_216);
  assertEquals(resnet34("imagenet", 224).params, 21_797_672 - 513_000);
});

const resnet50: NetworkSpec = { ...resnet18("imagenet", 224), arch: "resnet50" };

Deno.test("resnet50 of width 64 costs the published number, and has torchvision's parameters", () => {
  const { macs, params, stem, blocks } = networkCost(resnet50);
  assertEquals(macs, 4_087_136_256);
  assertEquals(params, 23_508_032);
  assertEquals(params, 25_557_032 - (2_048 * 1_000 + 1_000));
  const parts = blocks.map(({ convolutions, shortcut }) => {
    assertEquals(convolutions.length, 3);
    return convolutions.reduce((sum, macs) => sum + macs, shortcut);
  });
  assertStrictEquals(parts.reduce((sum, part) => sum + part, stem), macs);
  // The stride is in the 3x3: the 1x1 before it sees the whole map. Shortcuts are convolutions in the first block of
  // every stage.
  assertEquals(blocks[3]?.convolutions, [256 * 128 * 56 * 56, 9 * 128 * 128 * 28 * 28, 128 * 512 * 28 * 28]);
  assertEquals(blocks.filter(({ shortcut }) => shortcut > 0).map(({ name }) => name), [
    "layer1.0",
    "layer2.0",
    "layer3.0",
    "layer4.0",
  ]);
});

Deno.test("a bottleneck has two gates, either of which reads the block's input", () => {
  const { blocks, gateMacs } = networkCost(resnet50);
  assertEquals(blocks[0]?.gate, 2 * (64 * 16 + 16 * 64));
  assertEquals(blocks[4]?.gate, 2 * (512 * 128 + 128 * 128));
  assertStrictEquals(gateMacs, blocks.reduce((sum, { gate }) => sum + gate, 0));
  const gates = gateSpecs(resnet50);
  assertEquals(gates.length, 32);
  assertEquals(gates.reduce((sum, { channels }) => sum + channels, 0), 2 * (3 * 64 + 4 * 128 + 6 * 256 + 3 * 512));
  assertEquals(gates.slice(0, 3).map(({ label }) => label), ["layer1.0.gate1", "layer1.0.gate2", "layer1.1.gate1"]);
  assertEquals(gateSpecs(resnet18("cifar", 32)).slice(0, 2).map(({ label }) => label), ["layer1.0", "layer1.1"]);
});

Deno.test("gates that open 16 channels at a time have a last layer of a sixteenth", () => {
  const grouped = networkCost({ ...resnet18("cifar", 32), gateGroup: 16 });
  // First layers 109,568 and last layers 131,072 / 16.
  assertEquals(grouped.gateMacs, 109_568 + 8_192);
  assertEquals(grouped.blocks[0]?.gate, 64 * 16 + 16 * 4);
  assertEquals([grouped.macs, grouped.params], [555_417_600, networkCost(resnet18("cifar", 32)).params]);
  const bottlenecks = networkCost({ ...resnet50, gateGroup: 16 });
  assertEquals(bottlenecks.blocks[4]?.gate, 2 * (512 * 128 + 128 * 8));
  assertEquals(bottlenecks.gateMacs, 7_964_672 + 135_296);
  assertEquals(bottlenecks.macs, 4_087_136_256);
});

Deno.test("a group that does not divide a gate's channels is refused by the gate's name", () => {
  const refused = (spec: NetworkSpec, message: string) =>
    assertEquals(assertThrows(() => networkCost(spec), ShapeError).message, message);
  refused(
    { ...resnet18("cifar", 32), gateGroup: 128 },
    "layer1.0: a gate of 64 channels cannot open groups of 128; give a divisor of 64",
  );
  refused(
    { ...resnet50, gateGroup: 0.5 },
    "layer1.0.gate1: a gate of 64 channels cannot open groups of 0.5; give a divisor of 64",
  );
});

Deno.test("an image's bottleneck costs I c1 HW + 9 c1 c2 H'W' + c2 4C H'W' with c1 and c2 channels open", () => {
  const cost = networkCost(resnet50);
  const gates = gateSpecs(resnet50);
  const open = gates.map(({ channels }, gate) => (7 * gate + 3) % (channels + 1));
  let expected = cost.stem;
  let [inputs, side] = [64, 56];
  cost.blocks.forEach(({ name, gate }, block) => {
    const channels = gates[2 * block]?.channels ?? NaN;
    const [c1 = NaN, c2 = NaN] = open.slice(2 * block);
    const after = name.endsWith(".0") && name !== "layer1.0" ? side / 2 : side;
    expected += inputs * c1 * side ** 2 + 9 * c1 * c2 * after ** 2 + c2 * 4 * channels * after ** 2 + gate;
    if (name.endsWith(".0")) expected += inputs * 4 * channels * after ** 2;
    [inputs, side] = [4 * channels, after];
  });
  const shares = open.map((count, gate) => count / (gates[gate]?.channels ?? NaN));
  assertEquals(Math.round(gatedMacs(cost, termShares(cost, shares))), expected);
});

Deno.test("a gated network with every channel open costs the dense network plus its gates", () => {
  const cost = networkCost(resnet18("cifar-paper", 32));
  assertEquals(gatedMacs(cost, cost.blocks.map(() => 1)), cost.macs + cost.gateMacs);
  const bottlenecks = networkCost(resnet50);
  const all = termShares(bottlenecks, gateSpecs(resnet50).map(() => 1));
  assertEquals(gatedMacs(bottlenecks, all), bottlenecks.macs + bottlenecks.gateMacs);
  const [dense, gated] = [denseParts(bottlenecks), gatedParts(bottlenecks, all)];
  const gates = [0, ...bottlenecks.blocks.map(({ gate }) => gate)];
  assertEquals(gated.map(({ name, macs }, part) => ({ name, macs: macs - (gates[part] ?? 0) })), dense);
});

Deno.test("the smallest budget is what stem, shortcuts and gates cost", () => {
  const cost = networkCost(resnet18("cifar-paper", 32));
  const fixed = cost.stem + cost.gateMacs + cost.blocks.reduce((sum, block) => sum + block.shortcut, 0);
  assertEquals(smallestBudget(resnet18("cifar-paper", 32)), fixed / cost.macs);
  assertEquals(smallestBudget(resnet50), gatedMacs(networkCost(resnet50), []) / 4_087_136_256);
});

Deno.test("an open channel of a basic block costs its part of both convolutions", () => {
  const cost = networkCost(resnet18("cifar", 32));
  const channels = gateSpecs(resnet18("cifar", 32)).map((gate) => gate.channels);
  const prices = channelMacs(cost, channels, []);
  // layer1.0: 64 inputs, 64 outputs, maps of 32 x 32; layer2.0: 64 inputs, 128 outputs, maps of 16 x 16.
  assertEquals([prices[0], prices[2]], [2 * 9 * 64 * 32 * 32, 9 * (64 + 128) * 16 * 16]);
});

Deno.test("an open channel of a bottleneck costs its part of the 3x3 by the other gate's open share", () => {
  const channels = gateSpecs(resnet50).map((gate) => gate.channels);
  const prices = channelMacs(networkCost(resnet50), channels, channels.map((_, gate) => gate % 2 === 0 ? 0.25 : 0.5));
  // layer1.0: 64 inputs, 64 channels, 256 outputs, maps of 56 x 56.
  assertEquals(prices.slice(0, 2), [(64 + 9 * 64 * 0.5) * 56 * 56, (9 * 64 * 0.25 + 256) * 56 * 56]);
});
