/**
 * Masks in place of the gates' decisions, and counts of what gates decide.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { InvalidInputError, ShapeError } from "../../src/errors.ts";
import { derangement, gatedChannels, SplitMasks, StaticMask } from "../../src/evaluation/mod.ts";
import { gatedMacs, gatedTerms, gateSpecs, networkCost, termShares } from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

Deno.test("a derangement is a permutation that leaves no image its place, the same for the same seed", () => {
  for (const count of [2, 3, 10, 501]) {
    const order = derangement(count, 4, 0);
    assertEquals([...order].sort((a, b) => a - b), Array.from({ length: count }, (_, index) => index));
    assert(order.every((donor, image) => donor !== image));
    assertEquals(derangement(count, 4, 0), order);
  }
  assertNotEquals(derangement(501, 4, 1), derangement(501, 4, 0));
  assertNotEquals(derangement(501, 5, 0), derangement(501, 4, 0));
  assertThrows(() => derangement(1, 0, 0), InvalidInputError);
});

Deno.test("exchanged masks are those of the images that are named", () => {
  using device = openDevice();
  using _scope = new Scope();
  const masks = new SplitMasks(3);
  masks.store(0, [Tensor.from(device, Float32Array.of(1, 0, 0, 1), [2, 2])]);
  masks.store(2, [Tensor.from(device, Float32Array.of(1, 1), [1, 2])]);
  const source = masks.exchanged(Int32Array.of(2, 0, 1));
  const rows = (from: number, to: number) => source.rows(device, from, to).map((mask) => [...mask.toFloat32()]);
  assertEquals(rows(0, 3), [[1, 1, 1, 0, 0, 1]]);
  assertEquals(rows(1, 2), [[1, 0]]);
  assertThrows(() => masks.store(3, [Tensor.from(device, Float32Array.of(1, 1), [1, 2])]), ShapeError);
});

Deno.test("a static mask opens the channels that are open most often, and costs what the gates cost", () => {
  const cost = networkCost({ arch: "resnet18", width: 16, stem: "cifar-paper", image: 32 });
  const random = new RandomStream(3, 1, 0);
  const images = 1000;
  for (let trial = 0; trial < 20; trial++) {
    const counts = [16, 16, 32, 32, 64, 64, 128, 128].map((channels) => {
      return Float64Array.from({ length: channels }, () => random.integer(images + 1));
    });
    const { blocks } = StaticMask.ofEqualCost(counts, images, cost);
    const meanShares = counts.map((count) => count.reduce((all, open) => all + open, 0) / count.length / images);
    const shares = blocks.map((mask) => mask.reduce((all, open) => all + open, 0) / mask.length);
    const difference = Math.abs(gatedMacs(cost, shares) - gatedMacs(cost, meanShares)) / cost.macs;
    assertLess(difference, 1e-3, `${difference}`);
    blocks.forEach((mask, block) => {
      const open = counts[block]?.filter((_, channel) => mask[channel] === 1) ?? [];
      const closed = counts[block]?.filter((_, channel) => mask[channel] === 0) ?? [];
      assertGreaterOrEqual(Math.min(...open), Math.max(...closed));
      assertLess(Math.abs((shares[block] ?? 0) - (meanShares[block] ?? 0)) * mask.length, 2.5, "a channel or two");
    });
  }
});

Deno.test("a static mask of bottlenecks costs what the gates cost, though images that open one gate may open the other", () => {
  const spec = { arch: "resnet50", width: 16, stem: "cifar", image: 32 } as const;
  const cost = networkCost(spec);
  const images = 400;
  const random = new RandomStream(3, 2, 0);
  // How much each image opens behind all gates: their shares go together.
  const tendencies = Float64Array.from({ length: images }, () => random.uniform());
  const counts = gateSpecs(spec).map(({ channels }) => new Float64Array(channels));
  const computed = new Float64Array(gatedTerms(cost).length);
  for (const tendency of tendencies) {
    const shares = counts.map((open) => {
      const row = open.map((_, channel) => Number(random.uniform() < tendency * (channel + 1) / open.length));
      row.forEach((bit, channel) => open[channel] = (open[channel] ?? 0) + bit);
      return row.reduce((all, bit) => all + bit, 0) / open.length;
    });
    termShares(cost, shares).forEach((share, term) => computed[term] = (computed[term] ?? 0) + share / images);
  }
  const { blocks } = StaticMask.ofEqualCost(counts, images, cost, [...computed]);
  const shares = blocks.map((mask) => mask.reduce((all, open) => all + open, 0) / mask.length);
  const measured = gatedMacs(cost, [...computed]);
  const difference = Math.abs(gatedMacs(cost, termShares(cost, shares)) - measured) / cost.macs;
  assertLess(difference, 1e-3, `${difference}`);
  const means = counts.map((open) => open.reduce((all, count) => all + count, 0) / open.length / images);
  const apart = (measured - gatedMacs(cost, termShares(cost, means))) / cost.macs;
  assertGreater(apart, 5e-3, `products of means would have missed by ${apart} only`);
});

Deno.test("a static mask is the same for every image", () => {
  using device = openDevice();
  using _scope = new Scope();
  const [mask] = new StaticMask([Uint8Array.of(1, 0, 1)]).rows(device, 5, 7);
  assertEquals(mask?.shape, [2, 3]);
  assertEquals([...mask?.toFloat32() ?? []], [1, 0, 1, 1, 0, 1]);
});

Deno.test("channels are always open, always closed or image-dependent", () => {
  const counted = gatedChannels(["a", "b"], [Float64Array.of(0, 10, 4, 6), Float64Array.of(10, 10)], 10);
  assertEquals(counted, {
    channels: 6,
    alwaysOpen: 3,
    alwaysClosed: 1,
    imageDependent: 2,
    shares: { alwaysOpen: 1 / 2, alwaysClosed: 1 / 6, imageDependent: 1 / 3 },
    blocks: [
      {
        name: "a",
        open: 0.5,
        channels: 4,
        alwaysOpen: 1,
        alwaysClosed: 1,
        imageDependent: 2,
        shares: { alwaysOpen: 0.25, alwaysClosed: 0.25, imageDependent: 0.5 },
      },
      {
        name: "b",
        open: 1,
        channels: 2,
        alwaysOpen: 2,
        alwaysClosed: 0,
        imageDependent: 0,
        shares: { alwaysOpen: 1, alwaysClosed: 0, imageDependent: 0 },
      },
    ],
  });
});
