/**
 * Masks in place of the gates' decisions, and counts of what gates decide.
 *
 * @module
 */

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { MisuseError, ShapeError } from "../../src/errors.ts";
import { derangement, gatedChannels, SplitMasks, StaticMask } from "../../src/evaluation/mod.ts";
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
  assertThrows(() => derangement(1, 0, 0), MisuseError);
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
  const own = masks.rows(device, 1, 3).map((mask) => [...mask.toFloat32()]);
  assertEquals(own, [[0, 1, 1, 1]], "the masks of the images themselves");
  assertThrows(() => masks.store(3, [Tensor.from(device, Float32Array.of(1, 1), [1, 2])]), ShapeError);
});

Deno.test("a static mask is the same for every image", () => {
  using device = openDevice();
  using _scope = new Scope();
  const [mask] = new StaticMask([Uint8Array.of(1, 0, 1)]).rows(device, 5, 7);
  assertEquals(mask?.shape, [2, 3]);
  assertEquals([...mask?.toFloat32() ?? []], [1, 0, 1, 1, 0, 1]);
  const open = StaticMask.allOpen({ arch: "resnet50", width: 4, stem: "cifar", image: 8 });
  assertEquals(open.blocks.length, 2 * (3 + 4 + 6 + 3));
  assert(open.blocks.every((block) => block.every((bit) => bit === 1)));
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
