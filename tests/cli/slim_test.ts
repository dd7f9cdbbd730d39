/**
 * Tests of `--network slim` at the command line: evaluated, embedded, timed and exported alike, and refused.
 *
 * @module
 */
import { assert, assertEquals, assertLessOrEqual, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { readdirSync, readFileSync } from "node:fs";
import { decodeNpy, readSafetensors } from "../../src/formats/mod.ts";
import type { KeptChannels } from "../../src/models/mod.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds } from "./run_sluice.ts";

const tiny = ["--width", "16", "--projector", "16", "--batch", "8", "--epochs", "1", "--eval-every", "0"];
const images = ["--train-images", "24", "--test-images", "16", "--threads", "1", "--quiet"];

interface Slim {
  readonly cost: { readonly share: number };
  readonly knn20: number;
  readonly kept: readonly KeptChannels[];
}

Deno.test(
  "evaluate, embed, bench infer and export work with the same slim network of a run",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, ...images, "--out", run]);
    const size = ["--network", "slim", "--cost", "0.4", "--channel-multiple", "8"];

    const text = await assertSucceeds(["evaluate", run, "--protocol", "knn", ...size, "--json"]);
    const { networks } = JSON.parse(text) as { readonly networks: { readonly slim: Slim } };
    assertEquals(Object.keys(networks), ["slim"]);
    const { slim: { cost, kept, knn20 } } = networks;
    assertLessOrEqual(cost.share, 0.4);
    assert(kept.every((own) => own.kept % 8 === 0 && own.kept > 0 && own.kept <= own.channels));
    assert(knn20 >= 0);
    assertEquals(readdirSync(run).includes("evaluation.json"), true);

    const file = join(folder, "slim.safetensors");
    assertMatch(await assertSucceeds(["export", run, ...size, "--out", file]), /slim network, .* bytes/);
    const widths = JSON.parse(readSafetensors(file).metadata["widths"] ?? "") as Record<string, number[]>;
    assertEquals(widths, Object.fromEntries(kept.map(({ name, kept }) => [name, [kept]])));

    await assertSucceeds(["evaluate", run, "--protocol", "knn", "--network", "dense", "--json"]);
    const stored = JSON.parse(readFileSync(join(run, "evaluation.json"), "utf8")) as {
      networks: Record<string, unknown>;
    };
    assertEquals(Object.keys(stored.networks).sort(), ["dense", "slim"], "the slim network stays beside the dense one");

    const out = join(folder, "slim.npy");
    await assertSucceeds(["embed", run, "test", ...size, "--out", out]);
    assertEquals(decodeNpy(readFileSync(out)).shape, [16, 128]);

    const timed = await assertSucceeds(["bench", "infer", run, "--network", "dense,slim", "--batch", "4", "--json"]);
    const { rows } = JSON.parse(timed) as { readonly rows: readonly { network: string; macShare: number }[] };
    assertEquals(rows.map(({ network }) => network), ["dense", "slim"]);
    assertLessOrEqual(rows[1]?.macShare ?? 1, 0.3);

    const page = join(folder, "report.html");
    await assertSucceeds(["report", run, "--out", page]);
    assertMatch(readFileSync(page, "utf8"), /slim/);
  }),
);

Deno.test(
  "a slim network that cannot be is refused in one line, and leaves no file",
  withFolder(async (folder) => {
    const [run, plain, out] = ["run", "plain", "slim.safetensors"].map((name) => join(folder, name));
    assert(run && plain && out);
    await assertSucceeds(["pretrain", ...tiny, ...images, "--out", run]);
    await assertSucceeds(["pretrain", ...tiny, ...images, "--mode", "vanilla", "--out", plain]);
    const slim = ["--network", "slim", "--out", out];
    await assertRefused(
      ["export", plain, ...slim],
      /^sluice: --network slim: gates decide on the channels that it keeps, and a vanilla run has none; give dense$/m,
    );
    await assertRefused(
      ["export", run, ...slim, "--cost", "0.05"],
      /--cost 0.05: with 4 channels in each convolution .* costs 0\.\d{4}; give that or more, or a smaller/,
    );
    await assertRefused(["export", run, ...slim, "--cost", "0"], /--cost 0: give a number above 0 and up to 1/);
    await assertRefused(["export", run, ...slim, "--cost", "30"], /--cost 30: give a number above 0 and up to 1/);
    await assertRefused(
      ["export", run, ...slim, "--channel-multiple", "17"],
      /--channel-multiple 17: give a whole number from 1 to the run's width, 16/,
    );
    await assertRefused(
      ["evaluate", run, "--channel-multiple", "4"],
      /--channel-multiple 4: sets the size of a slim network; give --network slim as well/,
    );
    await assertRefused(["bench", "infer", "--network", "slim"], /--network: is for the networks of a run; give RUN/);
    assertEquals(readdirSync(folder).sort(), ["plain", "run"]);
  }),
);
