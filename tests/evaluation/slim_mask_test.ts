/**
 * Tests of the channels that a slim network keeps: their number, their order and their cost.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertLessOrEqual, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidInputError } from "../../src/errors.ts";
import { defaultMultiple, slimMask } from "../../src/evaluation/mod.ts";
import { gateSpecs, networkCost, type NetworkSpec } from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";

function drawCounts(spec: NetworkSpec, seed: number): Float64Array[] {
  return gateSpecs(spec).map(({ channels }, gate) => {
    const random = new RandomStream(seed, gate, 0);
    return Float64Array.from({ length: channels }, () => random.integer(100));
  });
}

function keptOf(blocks: readonly Uint8Array[]): number[] {
  return blocks.map((mask) => mask.reduce((sum, bit) => sum + bit, 0));
}

/** MACs of the network with so many channels, as a share of the whole network's. */
function shareOf(spec: NetworkSpec, kept: readonly number[]): number {
  return networkCost({ ...spec, kept }).macs / networkCost(spec).macs;
}

const specs: readonly NetworkSpec[] = [
  { arch: "resnet18", width: 16, stem: "cifar", image: 32 },
  { arch: "resnet18", width: 20, stem: "imagenet", image: 64 },
  { arch: "resnet50", width: 8, stem: "cifar", image: 32 },
];

Deno.test("each gate keeps whole multiples of its most open channels, and the network stays within its cost", () => {
  fc.assert(fc.property(
    fc.constantFrom(...specs),
    fc.integer({ min: 0, max: 1000 }),
    fc.double({ min: 0.05, max: 1, noNaN: true }),
    fc.constantFrom(1, 2, 4, 7, 16),
    (spec, seed, cost, channelMultiple) => {
      const counts = drawCounts(spec, seed);
      const least = counts.map(({ length }) => Math.min(length, channelMultiple));
      if (shareOf(spec, least) > cost) {
        assertThrows(() => slimMask(spec, counts, { cost, channelMultiple }), InvalidInputError, `--cost ${cost}: `);
        return;
      }
      const { blocks } = slimMask(spec, counts, { cost, channelMultiple });
      const kept = keptOf(blocks);
      assertLessOrEqual(shareOf(spec, kept), cost * (1 + 1e-9));
      blocks.forEach((mask, gate) => {
        const own = counts[gate];
        assert(own);
        assertGreater(kept[gate] ?? 0, 0);
        assert((kept[gate] ?? 0) % channelMultiple === 0 || kept[gate] === own.length, `gate ${gate}: ${kept[gate]}`);
        const open = own.filter((_, channel) => mask[channel] === 1), closed = own.filter((_, at) => mask[at] === 0);
        assertLessOrEqual(Math.max(0, ...closed), Math.min(...open), `gate ${gate} closes a channel that opens more`);
      });
    },
  ));
});

Deno.test("the cost that a refusal names is enough", () => {
  for (const spec of specs) {
    for (const channelMultiple of [1, 2, 4, 8]) {
      const counts = drawCounts(spec, 1);
      const { message } = assertThrows(
        () => slimMask(spec, counts, { cost: 0.001, channelMultiple }),
        InvalidInputError,
      );
      const [, cost = ""] = /costs (\d\.\d{4}); give that or more(, or a smaller --channel-multiple)?$/.exec(message) ??
        [];
      slimMask(spec, counts, { cost: Number(cost), channelMultiple });
      assertEquals(message.endsWith("--channel-multiple"), channelMultiple > 1);
    }
  }
});

Deno.test("a cost of 1 keeps everything, and ties go to the lower channel of the lower gate", () => {
  const [spec] = specs;
  assert(spec);
  const same = gateSpecs(spec).map(({ channels }) => new Float64Array(channels).fill(5));
  assert(slimMask(spec, same, { cost: 1, channelMultiple: 4 }).blocks.every((mask) => !mask.includes(0)));
  const { blocks } = slimMask(spec, same, { cost: 0.3, channelMultiple: 4 });
  for (const mask of blocks) assertEquals([...mask].sort((a, b) => b - a), [...mask]);
  const [first = 0, ...others] = keptOf(blocks);
  assertEquals(first, 16);
  assertGreater(others.length, 0);
});

Deno.test("a network that fits stays with more channels where gates open more", () => {
  const [spec] = specs;
  assert(spec);
  const counts = gateSpecs(spec).map(({ channels }, gate) => new Float64Array(channels).fill(gate === 5 ? 9 : 1));
  const kept = keptOf(slimMask(spec, counts, { cost: 0.4, channelMultiple: 4 }).blocks);
  assertEquals(kept[5], 64);
});

Deno.test("the default multiple is 16 from width 64 on", () => {
  assertEquals([4, 16, 63, 64, 128].map(defaultMultiple), [4, 4, 4, 16, 16]);
});
