/**
 * Tests of `sluice bench` on the smallest network.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";

import type { InferenceBenchmark, RunInference } from "../../src/bench/mod.ts";
import { gatedMacs, networkCost, termShares } from "../../src/models/mod.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds } from "./run_sluice.ts";

const small = ["--width", "4", "--projector", "8", "--batch", "4", "--threads", "1"];

Deno.test("bench step prints its measurements as JSON, with --profile also the time of each function", async () => {
  const args = ["bench", "step", ...small, "--steps", "1", "--precision", "f32", "--profile", "--json"];
  const result = JSON.parse(await assertSucceeds(args)) as Record<string, unknown>;
  const contract = ["msPerStep", "viewsPerSecond", "gflops", "peakBytes", "device", "precision", "threads"];
  for (const key of [...contract, "shareOfPeak", "residentBytes"]) assert(key in result, key);
  assertEquals([result.precision, result.threads], ["f32", 1]);
  const { rows } = result.profile as { rows: { function: string }[] };
  assert(rows.some((row) => row.function === "sl_conv_forward"));
});

Deno.test("bench step prints tables of the step and of its profile", async () => {
  const text = await assertSucceeds(["bench", "step", ...small, "--steps", "1", "--profile"]);
  assertMatch(text, /^milliseconds a step +\d/m);
  assertMatch(text, /^precision +(f32|bf16)$/m);
  assertMatch(text, /^sl_conv_forward +\d+ +[\d.]+ +0\.\d{4} +[\d.]+$/m);
  assertMatch(text, /^whole step, profiled +- +[\d.]+ +1\.0000/m);
});

Deno.test("bench step --sweep prints a row for each combination of the settings without a flag", async () => {
  const args = [
    "bench",
    "step",
    "--sweep",
    ...small.slice(0, 4),
    "--threads",
    "1",
    "--precision",
    "f32",
    "--steps",
    "1",
  ];
  const rows = JSON.parse(await assertSucceeds([...args, "--json", "--quiet"])) as { width: number; batch: number }[];
  assertEquals(rows.map(({ width, batch }) => [width, batch]), [[4, 64], [4, 256]]);
});

const infer = ["bench", "infer", "--threads", "1"];

Deno.test("bench infer prints dense and gated times beside each other", async () => {
  const text = await assertSucceeds([...infer, "--width", "4"]);
  assertMatch(
    text,
    /^batch +channels open +dense ms +gated ms +share of MACs +share of time +dense \/ gated +in full$/m,
  );
  assertEquals(text.match(/^(1|64) +[01]\.\d{4} +[\d.]+ \([\d.]+\) +[\d.]+ \([\d.]+\)/gm)?.length, 10);
});

Deno.test("bench infer opens whole groups of channels, and takes the batch that is asked for", async () => {
  const args = [...infer, "--width", "16", "--gate-group", "16", "--batch", "2", "--json", "--quiet"];
  const { rows } = JSON.parse(await assertSucceeds(args)) as InferenceBenchmark;
  assertEquals(rows.map(({ batch }) => batch), [2, 2, 2, 2, 2]);
  const cost = networkCost({ arch: "resnet18", width: 16, stem: "cifar", image: 32, gateGroup: 16 });
  // The first two gates have a single group, of which a half is rounded to the whole.
  const half = termShares(cost, [1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  const row = rows.find(({ openShare }) => openShare === 0.5);
  assertAlmostEquals(row?.macShare ?? NaN, gatedMacs(cost, half) / cost.macs);
});

Deno.test(
  "bench infer RUN times the run's networks on its images, with the masks of its gates",
  withFolder(async (folder) => {
    const images = ["--dataset", "shapes", "--train-images", "16", "--test-images", "12"];
    for (const mode of ["dual", "vanilla", "gated"]) {
      const run = join(folder, mode);
      await assertSucceeds(["pretrain", ...images, ...small, "--mode", mode, "--epochs", "1", "--quiet", "--out", run]);
      const result = JSON.parse(await assertSucceeds([...infer, run, "--json", "--quiet"])) as RunInference;
      const held = { dual: ["dense", "gated"], vanilla: ["dense"], gated: ["gated"] }[mode] ?? [];
      assertEquals(
        result.rows.map(({ batch, network }) => [batch, network]),
        [1, 12].flatMap((batch) => held.map((network) => [batch, network])),
      );
      for (const { network, batch, milliseconds, imageMilliseconds, macShare, timeShare } of result.rows) {
        assertAlmostEquals(imageMilliseconds * batch, milliseconds);
        assertEquals(timeShare === null, mode === "gated");
        if (network === "dense") assertEquals(macShare, 1);
      }
      assertEquals([result.images, result.size], [12, [32, 32]]);
      // Both batch sizes see the same images.
      assertEquals(
        new Set(result.rows.filter(({ network }) => network === "gated").map((row) => row.macShare)).size <= 1,
        true,
      );
    }
    const run = join(folder, "dual");
    const text = await assertSucceeds([...infer, run, "--batch", "5", "--quiet"]);
    assertMatch(text, /^5 +gated +[\d.]+ \([\d.]+\) +[\d.]+ +[\d.]+ +[\d.]+ +(-|layer[\d.layer ]+)$/m);
    assertMatch(text, /^10 of the run's images, 32 x 32 pixels, with their own masks$/m);
    await assertRefused([...infer, run, "--batch", "13"], /--batch 13: give at most 12, the number of images/);
    await assertRefused(
      [...infer, run, "--width", "4"],
      /--width: the networks of .*dual have their own; leave it out/,
    );
    await assertRefused([...infer, "--data", folder], /--data: is for the networks of a run; give RUN as well/);
    await assertRefused([...infer, "--batch", "0"], /--batch 0: give a whole number from 1 to 4096/);
  }),
);

Deno.test("a wrong request to a benchmark is refused before any work", async () => {
  await assertRefused(["bench", "step", "--steps", "0"], /--steps 0: give a whole number from 1 to 1000000/);
  await assertRefused(["bench", "step", "--steps", "two"], /--steps two: give a whole number/);
  await assertRefused(
    ["bench", "step", "--sweep", "--profile"],
    /--profile: profiles a single step; give it without --sweep/,
  );
});

Deno.test("bench augment prints the speed of making views, including drawing their parameters", async () => {
  const args = ["bench", "augment", "--batch", "16", "--threads", "1", "--precision", "f32", "--json"];
  const result = JSON.parse(await assertSucceeds(args)) as Record<string, number>;
  const { msPerBatch = NaN, drawMs = NaN, viewsPerSecond = NaN } = result;
  assert(drawMs > 0 && msPerBatch > drawMs);
  assertAlmostEquals(viewsPerSecond * msPerBatch / 1000, 32, 1e-6);
  const table = await assertSucceeds(args.slice(0, -1));
  assertMatch(table, /^views a second +[\d,]+$/m);
});
