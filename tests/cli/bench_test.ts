/**
 * Tests of `sluice bench` on the smallest network.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
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

Deno.test("bench infer prints dense and gated times beside each other", async () => {
  const text = await assertSucceeds(["bench", "infer", ...small]);
  assertMatch(text, /^batch +channels open +dense ms +gated ms +share of MACs +share of time +dense \/ gated$/m);
  assertEquals(text.match(/^(1|64) +0\.\d{4}/gm)?.length, 8);
});

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
