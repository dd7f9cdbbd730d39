/**
 * The ways to choose one mask for all images, against plain loops.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertLess } from "@std/assert";
import { type GateUsage, type StaticMask, staticMask, staticWays } from "../../src/evaluation/mod.ts";
import { gatedMacs, gatedTerms, gateSpecs, networkCost, type NetworkSpec, termShares } from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";

const images = 400;

/**
 * The usage of gates that open each channel of each image at random, and random scores. Images differ in how much they
 * open in all gates, so that the shares of neighbouring gates go together.
 */
function drawn(spec: NetworkSpec, seed: number) {
  const cost = networkCost(spec);
  const random = new RandomStream(seed, 2, 0);
  const rates = gateSpecs(spec).map(({ channels }) => Float64Array.from({ length: channels }, () => random.uniform()));
  const openCounts = rates.map(({ length }) => new Float64Array(length));
  const computed = new Float64Array(gatedTerms(cost).length);
  for (let image = 0; image < images; image++) {
    const tendency = random.uniform();
    const shares = rates.map((row, gate) => {
      let open = 0;
      row.forEach((rate, channel) => {
        const bit = Number(random.uniform() < tendency * rate);
        openCounts[gate]?.set([(openCounts[gate]?.[channel] ?? 0) + bit], channel);
        open += bit;
      });
      return open / row.length;
    });
    termShares(cost, shares).forEach((share, term) => computed[term] = (computed[term] ?? 0) + share / images);
  }
  const usage: GateUsage = { cost, images, openCounts, termShares: [...computed] };
  return { usage, scores: rates.map((row) => row.map(() => random.uniform())) };
}

function sharesOf({ blocks }: StaticMask): number[] {
  return blocks.map((mask) => mask.reduce((all, open) => all + open, 0) / mask.length);
}

function macsOf(mask: StaticMask, { cost }: GateUsage): number {
  return gatedMacs(cost, termShares(cost, sharesOf(mask)));
}

const narrow: NetworkSpec = { arch: "resnet18", width: 4, stem: "cifar", image: 32 };
const basic: NetworkSpec = { arch: "resnet18", width: 16, stem: "cifar-paper", image: 32 };
const bottlenecks: NetworkSpec = { arch: "resnet50", width: 16, stem: "cifar", image: 32 };

/** MACs of one channel of each gate of `narrow`, counted from the sizes of its convolutions. */
const narrowPrices = [0, 1, 2, 3].flatMap((stage) => {
  const [side, width] = [32 >> stage, 4 << stage];
  const first = stage === 0 ? 9 * width * side ** 2 : 9 * (width / 2) * side ** 2;
  return [first + 9 * width * side ** 2, 2 * 9 * width * side ** 2];
});

Deno.test("over all gates, channels open in the order of their value if the gates' mean cost has room for them", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { usage, scores } = drawn(narrow, seed);
    const { cost, openCounts } = usage;
    const target = gatedMacs(cost, usage.termShares);
    const valuesOf = {
      mostOpenPerMac: openCounts.map((row, gate) => [...row].map((count) => count / (narrowPrices[gate] ?? 0))),
      mostOpen: openCounts.map((row) => [...row]),
      scorePerMac: scores.map((row) => [...row]),
    } as const;
    for (const way of ["mostOpenPerMac", "mostOpen", "scorePerMac"] as const) {
      const order = valuesOf[way].flatMap((row, gate) => row.map((value, channel) => ({ value, gate, channel })));
      order.sort((a, b) => b.value - a.value || a.gate - b.gate || a.channel - b.channel);
      const expected = openCounts.map(({ length }) => new Uint8Array(length));
      let macs = gatedMacs(cost, []);
      for (const { gate, channel } of order) {
        const price = narrowPrices[gate] ?? 0;
        if (macs + price > target) continue;
        macs += price;
        expected[gate]?.set([1], channel);
      }
      const mask = staticMask(way, usage, scores);
      assertEquals(mask.blocks, expected, `${way}, seed ${seed}`);
      assertLess(target - macs, Math.max(...narrowPrices), way);
    }
  }
});

Deno.test("every way costs what the gates cost, also in bottlenecks, where two gates share a convolution", () => {
  for (const spec of [basic, bottlenecks]) {
    for (let seed = 0; seed < 3; seed++) {
      const { usage, scores } = drawn(spec, seed);
      const { cost } = usage;
      const target = gatedMacs(cost, usage.termShares);
      for (const way of staticWays) {
        const more = (macsOf(staticMask(way, usage, scores), usage) - target) / cost.macs;
        assertLess(Math.abs(more), 1e-3, `${spec.arch}, ${way}: ${more}`);
        if (way !== "mostOpenByGate") assertLess(more, 1e-12, `${spec.arch}, ${way}: ${more}`);
      }
    }
  }
});

Deno.test("channels of equal value open from the lower gate and the lower channel on", () => {
  const { usage: { cost, openCounts } } = drawn(narrow, 0);
  const openIn = (gates: number, channels: number) =>
    openCounts.map(({ length }, gate) => Float64Array.from({ length }, (_, at) => +(gate < gates && at < channels)));
  const alike = openCounts.map(({ length }) => new Float64Array(length).fill(images / 2));
  // The cost of the first two gates' channels and of three channels of the third.
  const shares = openIn(3, 3).map((row, gate) => gate < 2 ? 1 : row.reduce((all, bit) => all + bit, 0) / row.length);
  const usage = { cost, images, openCounts: alike, termShares: termShares(cost, shares) };
  const mask = staticMask("mostOpen", usage, alike);
  assertEquals(mask.blocks.slice(0, 4).map((block) => [...block]), [
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [1, 1, 1, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
  ]);
});

Deno.test("gates that open nothing give an empty mask, and gates that open everything a full one", () => {
  for (const spec of [narrow, { ...narrow, arch: "resnet50" } as const]) {
    const cost = networkCost(spec);
    for (const open of [0, 1]) {
      const openCounts = gateSpecs(spec).map(({ channels }) => new Float64Array(channels).fill(open * images));
      const usage = { cost, images, openCounts, termShares: gatedTerms(cost).map(() => open) };
      for (const way of staticWays) {
        const { blocks } = staticMask(way, usage, openCounts);
        assert(blocks.every((block) => block.every((bit) => bit === open)), `${spec.arch}, ${way}, ${open}`);
      }
    }
  }
});

Deno.test("by gate, each gate keeps the channels that it opens most often, about as many as on average", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { usage } = drawn(basic, seed);
    const { blocks } = staticMask("mostOpenByGate", usage, []);
    usage.openCounts.forEach((counts, gate) => {
      const mask = blocks[gate] ?? new Uint8Array();
      const open = counts.filter((_, channel) => mask[channel] === 1);
      const closed = counts.filter((_, channel) => mask[channel] === 0);
      assertGreaterOrEqual(Math.min(...open), Math.max(...closed));
      const mean = counts.reduce((all, count) => all + count, 0) / images;
      assertLess(Math.abs(open.length - mean), 2.5, "a channel or two");
    });
  }
});

Deno.test("a static mask of bottlenecks makes up for images that open both gates of a block", () => {
  const { usage } = drawn(bottlenecks, 0);
  const { cost, openCounts } = usage;
  const means = openCounts.map((open) => open.reduce((all, count) => all + count, 0) / open.length / images);
  const apart = (gatedMacs(cost, usage.termShares) - gatedMacs(cost, termShares(cost, means))) / cost.macs;
  assertGreater(apart, 5e-3, `products of means would have missed by ${apart} only`);
});
