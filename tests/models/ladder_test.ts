/**
 * Ladders: costs that are met, masks that nest, and slim networks that equal the gated one at every cost.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { maskedShare } from "../../src/budget/mod.ts";
import { MisuseError } from "../../src/errors.ts";
import { recalibrateNorms, StaticMask } from "../../src/evaluation/mod.ts";
import { DualNetwork, gateSpecs, Ladder, networkCost, type NetworkSpec, slimNetwork } from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice, openDevices } from "../devices.ts";

const knots = [0.1, 0.2, 0.5, 0.9];
const specs: readonly NetworkSpec[] = [
  { arch: "resnet18", width: 16, stem: "cifar-paper", image: 32, ladder: knots },
  { arch: "resnet18", width: 4, stem: "cifar", image: 9, ladder: knots },
  { arch: "resnet34", width: 8, stem: "imagenet", image: 64, ladder: knots },
  { arch: "resnet50", width: 8, stem: "cifar", image: 12, ladder: knots },
];

function networkOf(spec: NetworkSpec, device = openDevice()): DualNetwork {
  return new DualNetwork(device, { spec, projector: 16, seed: 3, gated: true, separateNorm: true });
}

function imagesOf(network: DualNetwork, count: number, seed: number): Tensor {
  const { image } = network.encoder.spec;
  const random = new RandomStream(seed, 0, 0);
  const values = Float32Array.from({ length: count * image * image * 3 }, () => random.normal());
  return Tensor.from(network.device, values, [count, image, image, 3]);
}

for (const spec of specs) {
  const { arch, width } = spec;
  const ladder = new Ladder(spec);

  Deno.test(`${arch}, width ${width}: a ladder's costs rise with every channel, and its networks nest`, () => {
    const channels = gateSpecs(spec).map((gate) => gate.channels);
    assertEquals(ladder.length, channels.reduce((sum, count) => sum + count, 0));
    assertEquals(ladder.kept(ladder.length), channels);
    assertAlmostEquals(ladder.costAt(ladder.length), 1, 1e-12);
    assertEquals(ladder.kept(ladder.least), channels.map(() => 1));
    for (let open = ladder.least; open < ladder.length; open++) {
      const [fewer, more] = [ladder.kept(open), ladder.kept(open + 1)];
      assertEquals(more.filter((count, gate) => count !== fewer[gate]).length, 1);
      assert(more.every((count, gate) => count >= (fewer[gate] ?? 0)));
      assert(ladder.costAt(open + 1) > ladder.costAt(open));
    }
  });

  Deno.test(`${arch}, width ${width}: the nearest cost is found, and a slim network costs at most what is asked`, () => {
    for (let cost = 0.01; cost < 1; cost += 0.037) {
      const open = ladder.openFor(cost);
      const error = Math.abs(ladder.costAt(open) - cost);
      for (const other of [open - 1, open + 1]) {
        if (other < ladder.least || other > ladder.length) continue;
        assertLessOrEqual(error, Math.abs(ladder.costAt(other) - cost) + 1e-12);
      }
      for (const multiple of [1, 4]) {
        const kept = ladder.keptFor(cost, multiple);
        if (kept === null) continue;
        assertLessOrEqual(ladder.costOf(kept), cost + 1e-9);
        assertAlmostEquals(ladder.costOf(kept), networkCost({ ...spec, kept }).macs / networkCost(spec).macs, 1e-12);
        assert(kept.every((count, gate) => count % multiple === 0 || count === gateSpecs(spec)[gate]?.channels));
      }
    }
    assertEquals(ladder.keptFor(0.001, 1), null);
  });
}

Deno.test("at widths 16 and 64 every cost that a ladder serves is met to 0.4 and 0.1 points", () => {
  for (const [width, most] of [[16, 0.004], [64, 0.001]] as const) {
    const ladder = new Ladder({ arch: "resnet18", width, stem: "cifar-paper", image: 32, ladder: knots });
    for (let cost = 0.055; cost < 0.95; cost += 0.003) {
      assertLessOrEqual(Math.abs(ladder.costAt(ladder.openFor(cost)) - cost), most, `${cost}`);
    }
  }
});

Deno.test("the channels that are open at a cost are open at every higher one, for every image", () => {
  using network = networkOf({ arch: "resnet18", width: 4, stem: "cifar", image: 9, ladder: knots });
  using _scope = new Scope();
  const images = imagesOf(network, 250, 5);
  const cost = networkCost(network.encoder.spec);
  const masksAt = (share: number) => {
    const open = network.encoder.serveCost(share);
    const { masks } = network.encoder.evaluate("gated", images);
    assertAlmostEquals(maskedShare(masks, cost).item(), network.encoder.ladder?.costAt(open) ?? NaN, 1e-6);
    return masks;
  };
  let before: readonly Tensor[] = [];
  for (const share of [0.1, 0.13, 0.3, 0.55, 0.9]) {
    const masks = masksAt(share);
    before.forEach((lower, gate) => {
      const bits = masks[gate]?.toFloat32() ?? new Float32Array();
      assert(lower.toFloat32().every((bit, at) => bit <= (bits[at] ?? 0)), `gate ${gate} at ${share}`);
    });
    before = masks;
  }
});

Deno.test("at every cost a slim network equals the gated network, with norms between those of two knots", () => {
  for (const device of openDevices()) {
    using _device = device;
    for (const spec of specs.slice(1)) {
      using network = networkOf({ ...spec, image: Math.min(spec.image, 33) }, device);
      using _scope = new Scope();
      const images = imagesOf(network, 6, 7);
      const { encoder } = network;
      const seen = { count: 6, visit: (_sample: unknown, visit: (batch: Tensor) => void) => visit(images) };
      const meansAt = new Map<number, Float32Array>();
      const meanOf = () => encoder.state().get("layer2.0.gated_bn2.running_mean")?.toFloat32() ?? new Float32Array();
      knots.forEach((cost, knot) => {
        encoder.setOpening(encoder.ladder?.openFor(cost) ?? 0);
        using _trained = recalibrateNorms(encoder, seen, () => []);
        encoder.storeKnot(knot);
        meansAt.set(cost, meanOf());
      });
      for (const cost of [0.1, 0.35, 0.9]) {
        encoder.serveCost(cost);
        const gated = encoder.evaluate("gated", images);
        const mask = new StaticMask(gated.masks.map((rows) => Uint8Array.from(rows.toFloat32().slice(0, rows.dim(1)))));
        using slim = slimNetwork(device, encoder, mask.blocks);
        const expected = gated.features.toFloat32();
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        slim.evaluate("dense", images).features.toFloat32().forEach((value, at) => {
          assertAlmostEquals(value, expected[at] ?? NaN, 1e-5 * largest);
        });
      }
      // Halfway between two knots the norms are halfway, too.
      encoder.restoreNorms(0.35);
      meanOf().forEach((value, channel) => {
        const ends = [0.2, 0.5].map((cost) => meansAt.get(cost)?.[channel] ?? NaN);
        assertAlmostEquals(value, ((ends[0] ?? NaN) + (ends[1] ?? NaN)) / 2, 1e-5);
      });
    }
  }
});

Deno.test("a network without a ladder serves one cost", () => {
  using network = networkOf({ arch: "resnet18", width: 4, stem: "cifar", image: 9 });
  assertThrows(() => network.encoder.serveCost(0.3), MisuseError, "one cost");
  assertEquals(network.encoder.ladder, null);
});
