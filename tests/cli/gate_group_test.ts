/**
 * Tests of `--gate-group` at the command line: a whole run, its files, its report, and the refusal.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { readdirSync, readFileSync } from "node:fs";
import { decodeNpy, readSafetensors } from "../../src/formats/mod.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, runSluice } from "./run_sluice.ts";

const tiny = ["--width", "16", "--projector", "16", "--batch", "8", "--epochs", "2", "--eval-every", "0"];
const images = ["--train-images", "24", "--test-images", "16", "--threads", "1", "--quiet"];

interface Channels {
  readonly channels: number;
  readonly alwaysOpen: number;
  readonly alwaysClosed: number;
  readonly imageDependent: number;
}

interface Evaluation {
  readonly networks: {
    readonly gated: {
      readonly channels: { readonly blocks: readonly (Channels & { readonly name: string })[] };
      readonly masks: { readonly static: { readonly knn20: number } };
    };
  };
}

Deno.test(
  "a run whose gates open four channels at a time evaluates, reports, embeds and exports",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, ...images, "--gate-group", "4", "--out", run]);
    assertMatch(readFileSync(join(run, "config.yaml"), "utf8"), /^gate-group: 4$/m);

    const args = ["evaluate", run, "--network", "gated", "--protocol", "knn,masks", "--json"];
    const { networks: { gated: { channels, masks } } } = JSON.parse(await assertSucceeds(args)) as Evaluation;
    assertEquals(channels.blocks.map(({ channels }) => channels), [16, 16, 32, 32, 64, 64, 128, 128]);
    for (const { name, alwaysOpen, alwaysClosed, imageDependent } of channels.blocks) {
      assertEquals([alwaysOpen % 4, alwaysClosed % 4, imageDependent % 4], [0, 0, 0], name);
    }
    assert(masks.static.knn20 >= 0);

    const page = join(folder, "report.html");
    await assertSucceeds(["report", run, "--out", page]);
    const text = readFileSync(page, "utf8");
    for (const { name, channels: all, ...counts } of channels.blocks) {
      for (const [kind, count] of [["open", counts.alwaysOpen], ["closed", counts.alwaysClosed]] as const) {
        const segment = `${name}: ${(100 * count / all).toFixed(1)} % of ${all} channels always ${kind}`;
        assertEquals(text.includes(segment), count > 0, segment);
      }
    }

    const out = join(folder, "test.npy");
    await assertSucceeds(["embed", run, "test", "--out", out]);
    assertEquals(decodeNpy(readFileSync(out)).shape, [16, 128]);

    const file = join(folder, "gated.safetensors");
    const { check } = JSON.parse(await assertSucceeds(["export", run, "-o", file, "--json"]));
    assertEquals(check.largestDifference, 0);
    const { metadata, tensors } = readSafetensors(file);
    assertStrictEquals(metadata["gate_group"], "4");
    assertEquals(tensors.get("layer2.1.gate.fc2.weight")?.shape, [32 / 4, 32 / 4]);

    const dense = await runSluice(["evaluate", run, "--network", "dense", "--protocol", "knn,masks"]);
    assertEquals(dense.status, 0);
    assertMatch(dense.stderr, /^masks: there is no gated network to evaluate; only the other protocols/m);
  }),
);

Deno.test("cost counts a last layer with a row for each group", async () => {
  const gateMacs = async (...args: string[]) =>
    (JSON.parse(await assertSucceeds(["cost", ...args, "--json"])) as { gateMacs: number }).gateMacs;
  assertEquals(await gateMacs("--gate-group", "16"), 109_568 + 8_192);
  assertEquals(await gateMacs("--gate-group", "1"), 240_640);
});

Deno.test(
  "a group that does not divide the width is refused before a run begins",
  withFolder(async (folder) => {
    const refusal =
      /^sluice: --gate-group 3: does not divide the 16 channels of gate layer1\.0 at width 16; give a divisor of 16$/m;
    await assertRefused(["pretrain", ...tiny, "--gate-group", "3", "--out", join(folder, "run")], refusal);
    assertEquals(readdirSync(folder), []);
    await assertRefused(["cost", "--width", "16", "--gate-group", "3"], refusal);
    await assertRefused(["cost", "--gate-group", "0"], /^sluice: --gate-group 0: give a whole number from 1 to 65536/);
  }),
);
