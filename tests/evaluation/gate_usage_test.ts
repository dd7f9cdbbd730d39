/**
 * How much masks vary between images, against plain loops.
 *
 * @module
 */

import { assertAlmostEquals, assertLessOrEqual, assertStrictEquals } from "@std/assert";
import { type GateUsage, maskVariation } from "../../src/evaluation/mod.ts";
import { gatedTerms, gateSpecs, networkCost, type NetworkSpec } from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";

const spec: NetworkSpec = { arch: "resnet18", width: 4, stem: "cifar", image: 16 };

/** The usage of a network whose channel c of gate g is open for `count(g, c)` images. */
function usage(
  of: NetworkSpec,
  images: number,
  count: (gate: number, channel: number) => number,
): GateUsage {
  const cost = networkCost(of);
  const openCounts = gateSpecs(of).map(({ channels }, gate) =>
    Float64Array.from({ length: channels }, (_, channel) => count(gate, channel))
  );
  return { cost, images, openCounts, termShares: gatedTerms(cost).map(() => 0) };
}

Deno.test("rho is 0 for one mask, 1 for masks that are open or closed as a whole, and between them otherwise", () => {
  assertStrictEquals(maskVariation(usage(spec, 10, (_, channel) => channel % 2 === 0 ? 10 : 0)), 0);
  assertStrictEquals(maskVariation(usage(spec, 1, (_, channel) => channel % 2)), 0, "one image");
  assertStrictEquals(maskVariation(usage(spec, 10, () => 0)), 0, "all closed");
  assertStrictEquals(maskVariation(usage(spec, 10, () => 10)), 0, "all open");
  assertAlmostEquals(maskVariation(usage(spec, 10, () => 3)), 1, 1e-12);
  // Rounding brings none above 1, which a stored evaluation does not hold.
  for (let images = 2; images <= 100; images++) {
    for (let open = 1; open < images; open++) assertLessOrEqual(maskVariation(usage(spec, images, () => open)), 1);
  }
  // p is 0.5 for half of the channels, and 0 for the others: q = 0.25, and rho = (0.25 / 2) / (0.25 * 0.75).
  assertAlmostEquals(maskVariation(usage(spec, 10, (_, channel) => channel % 2 === 0 ? 5 : 0)), 2 / 3, 1e-12);
});

Deno.test("rho weights channels by their cost", () => {
  const random = new RandomStream(1, 1, 0);
  const counts = gateSpecs(spec).map(({ channels }) => Array.from({ length: channels }, () => random.integer(51)));
  let [total, open, varied] = [0, 0, 0];
  networkCost(spec).blocks.forEach(({ convolutions: [first = 0, second = 0] }, block) => {
    const row = counts[block] ?? [];
    for (const count of row) {
      const macs = (first + second) / row.length;
      total += macs;
      open += macs * count / 50;
      varied += macs * count / 50 * (1 - count / 50);
    }
  });
  const q = open / total;
  const rho = maskVariation(usage(spec, 50, (gate, channel) => counts[gate]?.[channel] ?? 0));
  assertAlmostEquals(rho, varied / (total * q * (1 - q)), 1e-12);
});

Deno.test("in bottlenecks a channel costs its own convolution and its part of the 3x3 with the mean open share", () => {
  const of: NetworkSpec = { ...spec, arch: "resnet50" };
  // The first gate of each block opens a quarter of its channels for all images, the second all for half of them.
  const measured = maskVariation(
    usage(of, 8, (gate, channel) => gate % 2 === 0 ? (channel % 4 === 0 ? 8 : 0) : 4),
  );
  let [total, open, varied] = [0, 0, 0];
  for (const { convolutions: [first = 0, second = 0, third = 0] } of networkCost(of).blocks) {
    const [one, two] = [first + second * 0.5, second * 0.25 + third];
    total += one + two;
    open += one * 0.25 + two * 0.5;
    varied += two * 0.25;
  }
  const q = open / total;
  assertAlmostEquals(measured, varied / (total * q * (1 - q)), 1e-12);
});
