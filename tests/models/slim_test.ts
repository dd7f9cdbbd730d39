/**
 * Slim networks: equal to the gated network under their mask, in every kind of network, and counted exactly.
 *
 * @module
 */
import { assertAlmostEquals, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { ShapeError } from "../../src/errors.ts";
import {
  blockSpecs,
  DualNetwork,
  gatedMacs,
  gateSpecs,
  keptChannels,
  networkCost,
  type NetworkSpec,
  slimNetwork,
  termShares,
  wholeSpec,
} from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevices } from "../devices.ts";

const specs: readonly (NetworkSpec & { readonly separateNorm: boolean; readonly separateEncoders?: boolean })[] = [
  { arch: "resnet18", width: 20, stem: "cifar", image: 12, separateNorm: true },
  { arch: "resnet18", width: 8, stem: "imagenet", image: 33, gateGroup: 4, separateNorm: false },
  { arch: "resnet18", width: 4, stem: "cifar-paper", image: 8, separateNorm: false, separateEncoders: true },
  { arch: "resnet50", width: 4, stem: "cifar", image: 9, separateNorm: true },
];

/** A mask by gate with the given share of open channels, at least one of them, and a single one in the last gate. */
function drawMasks(spec: NetworkSpec, share: number): Uint8Array[] {
  const gates = gateSpecs(spec);
  return gates.map(({ channels }, gate) => {
    const open = gate + 1 === gates.length ? 1 : Math.max(1, Math.round(share * channels));
    const order = new RandomStream(3, gate, 0).permutation(channels);
    return Uint8Array.from({ length: channels }, (_, channel) => Number(order.indexOf(channel) < open));
  });
}

/** Gives every norm statistics, scales and shifts of its own, so that a norm in the wrong place shows. */
function disturbNorms(network: DualNetwork): void {
  let index = 0;
  for (const [name, tensor] of network.state()) {
    const random = new RandomStream(4, index++, 0);
    if (!/bn|downsample\.1|running/.test(name)) continue;
    tensor.write(Float32Array.from({ length: tensor.size }, () => 0.5 + random.uniform()));
  }
}

for (const { separateNorm, separateEncoders = false, ...spec } of specs) {
  const { arch, width, stem } = spec;
  Deno.test(`${arch}, width ${width}, ${stem}: a slim network equals the gated one under its mask`, () => {
    for (const device of openDevices()) {
      using _device = device;
      using _scope = new Scope();
      const options = { projector: 16, seed: 1, gated: true, gateBias: 0.1, separateNorm, separateEncoders };
      using network = new DualNetwork(device, { ...options, spec });
      disturbNorms(network);
      const random = new RandomStream(5, 0, 0);
      const { image } = spec;
      const pixels = Float32Array.from({ length: 3 * image * image * 3 }, () => random.normal());
      const x = Tensor.from(device, pixels, [3, image, image, 3]);
      const gated = network.encoderOf("gated");
      for (const share of [0.05, 0.4, 1]) {
        const blocks = drawMasks(spec, share);
        const masks = blocks.map((mask) => {
          const rows = Float32Array.from({ length: 3 * mask.length }, (_, at) => mask[at % mask.length] ?? 0);
          return Tensor.from(device, rows, [3, mask.length]);
        });
        const expected = gated.evaluate("gated", x, { masks }).features.toFloat32();
        using slim = slimNetwork(device, gated, blocks);
        const found = slim.evaluate("dense", x).features.toFloat32();
        const largest = Math.max(...expected.map(Math.abs));
        const difference = Math.max(...expected.map((value, at) => Math.abs(value - (found[at] ?? NaN))));
        assertLessOrEqual(difference, 1e-5 * largest, `${device.kind}, share ${share}`);

        const cost = networkCost(spec);
        const open = blocks.map((mask) => mask.reduce((sum, bit) => sum + bit, 0));
        const shares = open.map((count, gate) => count / (blocks[gate]?.length ?? 1));
        const macs = gatedMacs(cost, termShares(cost, shares)) - cost.gateMacs;
        assertAlmostEquals(networkCost(slim.spec).macs, macs, 1e-6 * macs);
        assertEquals(keptChannels(slim.spec).map(({ kept }) => kept), open);
        assertEquals(networkCost(slim.spec).gateMacs, 0);
        assertEquals(blockSpecs(wholeSpec(slim.spec)).length, slim.depth);
      }
    }
  });
}

Deno.test("a slim network needs the channels of every gated convolution", () => {
  const spec: NetworkSpec = { arch: "resnet18", width: 8, stem: "cifar", image: 8 };
  assertEquals(keptChannels(spec), []);
  assertThrows(() => networkCost({ ...spec, kept: [1, 2, 3] }), ShapeError, "every convolution that has a gate");
});
