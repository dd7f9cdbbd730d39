/**
 * Tests of `sluice cost` against the published multiply-accumulates of ResNet-18.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { assertRefused, assertSucceeds } from "./run_sluice.ts";

interface Cost {
  readonly macs: number;
  readonly gateMacs: number;
  readonly params: number;
  readonly blocks: readonly { name: string; conv1: number; conv2: number; shortcut: number; gate: number }[];
}

async function costOf(stem: string, image: number): Promise<Cost> {
  const args = ["cost", "--arch", "resnet18", "--stem", stem, "--image", String(image), "--json"];
  return JSON.parse(await assertSucceeds(args)) as Cost;
}

Deno.test("the dense network has the published cost for every stem", async () => {
  assertEquals((await costOf("cifar-paper", 32)).macs, 703_560_448);
  assertEquals((await costOf("cifar", 32)).macs, 555_417_600);
  assertEquals((await costOf("imagenet", 96)).macs, 333_103_104);
  assertEquals((await costOf("imagenet", 224)).macs, 1_813_561_344);
});

Deno.test("gates and parameters are counted, and blocks and stem add up to the whole", async () => {
  const { macs, gateMacs, params, blocks } = await costOf("cifar", 32);
  assertEquals(gateMacs, 240_640);
  assertStrictEquals(blocks.reduce((sum, block) => sum + block.gate, 0), gateMacs);
  // torchvision's resnet18 without classifier has 11,176,512 parameters, 9,408 of them in its 7x7 stem; this stem has
  // 1,728.
  assertEquals(params, 11_176_512 - 9_408 + 1_728);
  const stem = 3 * 3 * 3 * 64 * 32 * 32;
  assertStrictEquals(blocks.reduce((sum, block) => sum + block.conv1 + block.conv2 + block.shortcut, stem), macs);
  assertEquals(blocks.map((block) => block.name), [1, 2, 3, 4].flatMap((n) => [`layer${n}.0`, `layer${n}.1`]));
});

Deno.test("without --json a table shows the same numbers", async () => {
  const text = await assertSucceeds(["cost", "--stem", "cifar-paper"]);
  assertMatch(text, /dense network, MACs +703,560,448\n/);
  assertMatch(text, /\nlayer4\.1 /);
  assert(!text.includes("\u001b"), "no colours if stdout is not a terminal");
});

Deno.test("the default stem follows from the image size, as in a run", async () => {
  const macs = async (...args: string[]) =>
    (JSON.parse(await assertSucceeds(["cost", ...args, "--json"])) as Cost).macs;
  assertEquals(await macs(), 555_417_600);
  assertEquals(await macs("--image", "64"), 4 * 555_417_600);
  assertEquals(await macs("--image", "96"), 333_103_104);
  assertEquals(await macs("--image", "224"), 1_813_561_344);
  assertMatch(await assertSucceeds(["cost", "--image", "224", "--stem", "cifar"]), /stem cifar, 224 x 224/);
});

Deno.test("impossible sizes of a network are refused", async () => {
  await assertRefused(["cost", "--width", "6"], /^sluice: --width 6: give a multiple of 4 from 4 to 4096/);
  await assertRefused(["cost", "--image", "0"], /^sluice: --image 0: give a whole number of pixels from 8 to 4096/);
  await assertRefused(["cost", "--stem", "vgg"], /^sluice: --stem vgg: give cifar or cifar-paper or imagenet/);
});
