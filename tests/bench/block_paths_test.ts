/**
 * Tests of the list of blocks that compute images in full.
 *
 * @module
 */
import { assertEquals } from "@std/assert";

import { fullBlocks } from "../../src/bench/block_paths.ts";
import { blockSpecs, gateSpecs, type NetworkSpec } from "../../src/models/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const spec: NetworkSpec = { arch: "resnet18", width: 32, stem: "cifar", image: 32 };

Deno.test("blocks in full are those whose masks open enough channels, with the share of the images", () => {
  using device = openDevice();
  using _scope = new Scope();
  const { kind, isa } = device.description;
  if (kind !== "cpu" || !isa.startsWith("avx512")) return console.error("skipped: no block computes images in full");
  const batch = 4;
  // The first image of a batch opens nothing, the others everything.
  const masks = gateSpecs(spec).map(({ channels }) => {
    const bits = Float32Array.from({ length: batch * channels }, (_, at) => Number(at >= channels));
    return Tensor.from(device, bits, [batch, channels]);
  });
  const found = fullBlocks(device, spec, batch, "f32", [masks, masks]);
  // By ordinary convolutions, or, with a stride or few tiles, as if masks opened groups.
  assertEquals(found, blockSpecs(spec).map(({ name: block }) => ({ block, share: 0.75 })));
});

Deno.test("a network with a pool in its stem, and blocks of several gates, are followed to the end", () => {
  using device = openDevice();
  using _scope = new Scope();
  for (const other of [{ ...spec, stem: "imagenet", image: 64 }, { ...spec, arch: "resnet50" }] as const) {
    const masks = gateSpecs(other).map(({ channels }) => Tensor.full(device, [2, channels], 0));
    assertEquals(fullBlocks(device, other, 2, "f32", [masks]), []);
  }
});
