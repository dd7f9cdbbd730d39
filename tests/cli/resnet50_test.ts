/**
 * Tests of ResNet-50 at the command line: its cost, a whole run, and its speed.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { readFileSync } from "node:fs";
import { decodeNpy, readSafetensors } from "../../src/formats/mod.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds } from "./run_sluice.ts";

const network = ["--arch", "resnet50", "--width", "4"];
const tiny = [...network, "--projector", "16", "--batch", "8", "--epochs", "2", "--threads", "1", "--budget", "0.5"];
const images = ["--train-images", "32", "--test-images", "24"];

type Line = Readonly<Record<string, unknown>>;

interface Evaluation {
  readonly networks: {
    readonly dense: { readonly cost: { readonly macs: number } };
    readonly gated: {
      readonly cost: { readonly macs: number; readonly share: number };
      readonly channels: { readonly channels: number; readonly blocks: readonly { readonly name: string }[] };
      readonly masks: { readonly static: { readonly cost: { readonly share: number } } };
    };
  };
}

Deno.test("cost shows three convolutions for each block, and the cost of torchvision's network", async () => {
  const args = ["cost", "--arch", "resnet50", "--stem", "imagenet", "--image", "224"];
  const cost = JSON.parse(await assertSucceeds([...args, "--json"])) as { blocks: readonly Line[] } & Line;
  assertEquals([cost["macs"], cost["params"]], [4_087_136_256, 23_508_032]);
  for (const block of cost.blocks) {
    assertEquals(Object.keys(block), ["name", "conv1", "conv2", "conv3", "shortcut", "gate"]);
  }
  assertEquals(cost.blocks.length, 16);
  const text = await assertSucceeds(args);
  assertMatch(text, /^block +conv1 +conv2 +conv3 +shortcut +gate$/m);
  assertMatch(text, /^layer4\.2 +51\.38 M +115\.61 M +51\.38 M +0\.00 M +2\.62 M$/m);
});

Deno.test(
  "a run of resnet50 trains, evaluates with its masks, and embeds",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, ...images, "--out", run, "--quiet"]);
    const { metadata, tensors } = readSafetensors(join(run, "checkpoints", "last.safetensors"));
    assertEquals((JSON.parse(metadata["config"] ?? "") as { arch: string }).arch, "resnet50");
    assertEquals(tensors.get("layer2.0.gate2.fc2.weight")?.shape, [8, 4]);
    assertEquals(tensors.get("layer2.0.gated_bn3.weight")?.shape, [32]);

    const args = ["evaluate", run, "--protocol", "knn,linear,masks"];
    const { networks: { dense, gated } } = JSON.parse(await assertSucceeds([...args, "--json"])) as Evaluation;
    assert(gated.cost.share < 1 && gated.cost.share > 0.1, JSON.stringify(gated.cost));
    assertAlmostEquals(gated.cost.macs / dense.cost.macs, gated.cost.share, 1e-12);
    assertEquals(gated.channels.channels, 472);
    assertEquals(gated.channels.blocks.slice(0, 2).map(({ name }) => name), ["layer1.0.gate1", "layer1.0.gate2"]);
    // The static network has no gates, whose cost is 0.8 % here.
    assertAlmostEquals(gated.masks.static.cost.share, gated.cost.share, 0.02);
    assertMatch(await assertSucceeds([...args, "--network", "gated"]), /^layer4\.2\.gate2 +32 /m);

    const out = join(folder, "test.npy");
    await assertSucceeds(["embed", run, "test", "--out", out]);
    assertEquals(decodeNpy(readFileSync(out)).shape, [24, 128]);
  }),
);

Deno.test("bench infer measures resnet50 with masks that cost as much as the budget", async () => {
  const args = ["bench", "infer", ...network, "--threads", "1", "--budget", "0.4", "--json"];
  const { rows } = JSON.parse(await assertSucceeds(args)) as { rows: { openShare: number; macShare: number }[] };
  assertAlmostEquals(rows[0]?.macShare ?? NaN, 0.4, 0.05, JSON.stringify(rows[0]));
  assertGreater(
    rows[0]?.openShare ?? NaN,
    0.4,
    "the share of open channels exceeds the budget, since a 3x3 convolution costs the product of two shares",
  );
});

Deno.test("a budget below the cost of resnet50's stem, shortcuts and gates is refused with the smallest one", async () => {
  const args = ["pretrain", ...network, ...images, "--batch", "8", "--budget", "0.05", "--out", "never"];
  await assertRefused(args, /^sluice: --budget 0\.05: .*; give 0\.1\d+ or more/);
  const unknown = ["cost", "--arch", "resnet51"];
  await assertRefused(unknown, /^sluice: --arch resnet51: give resnet18 or resnet34 or resnet50/);
});
