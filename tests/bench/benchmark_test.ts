/**
 * Tests of the benchmarks of training and inference, on the smallest network: that their figures belong together.
 *
 * @module
 */
import { usualCost } from "../../src/config/budget_range.ts";
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess, assertStrictEquals } from "@std/assert";
import { networkCost } from "../../src/models/mod.ts";
import { matmul } from "../../src/ops/mod.ts";
import { dtypeCode, resolvePrecision, Scope, Tensor } from "../../src/tensor/mod.ts";
import { benchInfer, benchStep, benchSweep, profile, sweepConfigs } from "../../src/bench/mod.ts";
import { resolveConfig, type RunConfig } from "../../src/config/config.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();
const small = { width: 4, projector: 8, batch: 4, threads: 2, precision: "f32" };
const config = resolveConfig({ flags: small });
const bf16 = { ...config, precision: "bf16" } as const;

function assertNear(actual: number, expected: number, tolerance = 1e-9): void {
  assertAlmostEquals(actual / expected, 1, tolerance, `${actual} is not ${expected}`);
}

Deno.test("a step's figures follow from its time and from the network's cost, and all memory is given back", () => {
  const before = device.memory().inUse;
  const result = benchStep(device, config, { steps: 1, warmup: 1, peak: 1e12 });
  assertGreater(result.msPerStep, 0);
  assertNear(result.viewsPerSecond * result.msPerStep, 8000);
  const macs = networkCost({ arch: "resnet18", width: 4, stem: "cifar", image: 32 }).macs + 32 * 8 + 2 * 8 * 8;
  assertNear(result.gflops * result.msPerStep * 1e6, 2 * 3 * 8 * macs);
  assertNear(result.shareOfPeak, result.gflops / 1000);
  assertGreater(result.peakBytes, before);
  assert(result.residentBytes === null || result.residentBytes > result.peakBytes);
  assertEquals([result.precision, result.threads, result.profile], ["f32", 2, undefined]);
  assertStrictEquals(device.memory().inUse, before);
});

Deno.test("a profile's rows and its rest add up to the step, and its convolutions to the network's cost", () => {
  const { profile: found } = benchStep(device, { ...config, mode: "vanilla" }, { steps: 1, peak: 1, profiled: true });
  assert(found);
  const { rows, restMs, restShare, milliseconds } = found;
  assertNear(rows.reduce((sum, row) => sum + row.milliseconds, restMs), milliseconds);
  assertNear(rows.reduce((sum, row) => sum + row.share, restShare), 1);
  assertGreater(restMs, 0);
  assertEquals(rows, rows.toSorted((a, b) => b.milliseconds - a.milliseconds));
  const flops = (name: string) => {
    const row = rows.find((one) => one.function === name);
    return (row?.gflops ?? NaN) * (row?.milliseconds ?? NaN) * 1e6;
  };
  const cost = networkCost({ arch: "resnet18", width: 4, stem: "cifar", image: 32 });
  assertNear(flops("sl_conv_forward"), 2 * 8 * cost.macs);
  assertNear(flops("sl_conv_backward_weights"), 2 * 8 * cost.macs);
  // The images need no gradient.
  assertNear(flops("sl_conv_backward_data"), 2 * 8 * (cost.macs - cost.stem));
  assertEquals(rows.find((one) => one.function === "sl_norm_apply")?.gflops, null);
});

Deno.test("a profile counts calls and operations of one run, and stops watching afterwards", () => {
  const work = () => {
    using _scope = new Scope();
    const [a, b] = [Tensor.full(device, [3, 5], 1), Tensor.full(device, [5, 7], 1)];
    matmul(null, a, b);
    matmul(null, a, b);
  };
  const unwatched = { ...device.kernels };
  const { rows } = profile(device, work, 3);
  assertEquals({ ...device.kernels }, unwatched);
  const products = rows.find((row) => row.function === "sl_matmul");
  assertStrictEquals(products?.calls, 2);
  assertNear((products.gflops ?? NaN) * products.milliseconds * 1e6, 2 * 2 * 3 * 5 * 7);
  assertEquals(rows.some((row) => row.function === "sl_synchronize"), false);
});

Deno.test({
  name: "a step of bf16 takes less memory of tensors than one of f32",
  ignore: !device.description.bf16,
  fn: () => {
    const large = { ...config, batch: 32 };
    const measured = (chosen: typeof config) => benchStep(device, chosen, { steps: 1, warmup: 1, peak: 1 });
    const [single, half] = [measured(large), measured({ ...large, precision: "bf16" })];
    assertEquals(half.precision, "bf16");
    assertLess(half.peakBytes, 0.7 * single.peakBytes, `${half.peakBytes} of ${single.peakBytes}`);
  },
});

Deno.test("inference has a row for each batch and share of open channels, with the shares of MACs they come to", () => {
  const before = device.memory().inUse;
  const { rows, precision } = benchInfer(device, config, {
    batches: [1, 3],
    openShares: [0.5, 1],
    repeats: 1,
    milliseconds: 0,
  });
  assertEquals(precision, "f32");
  assertEquals(rows.map((row) => row.batch), [1, 1, 1, 3, 3, 3]);
  assertEquals(rows.slice(1, 3).map((row) => row.openShare), [0.5, 1]);
  const { macs, stem, blocks } = networkCost({ arch: "resnet18", width: 4, stem: "cifar", image: 32 });
  const half = blocks.reduce((sum, { convolutions: [conv1 = NaN, conv2 = NaN], shortcut, gate }) => {
    return sum + (conv1 + conv2) / 2 + shortcut + gate;
  }, stem);
  assertNear(rows[1]?.macShare ?? NaN, half / macs);
  assertGreater(rows[2]?.macShare ?? NaN, 1, "with all channels open the gates come on top");
  // Whole channels of 4 are coarse: the budget is met to within an eighth of the widest block.
  assertAlmostEquals(rows[0]?.macShare ?? NaN, usualCost(config.budget), 0.05);
  for (const { denseMs, gatedMs, timeShare, speedRatio } of rows) {
    assert(denseMs > 0 && gatedMs > 0);
    assertNear(timeShare * denseMs, gatedMs);
    assertNear(speedRatio * gatedMs, denseMs);
  }
  assertStrictEquals(device.memory().inUse, before);
});

Deno.test("both networks infer in the precision that was asked for", () => {
  const once = { batches: [2], openShares: [], repeats: 1, milliseconds: 0 };
  const precisionsOf = (config: RunConfig) => {
    const seen = new Set<number>();
    using _observed = device.observe((name, parameters, call) => {
      if (name === "sl_conv_forward") seen.add((parameters[0] as Int32Array)[9] ?? NaN);
      call();
    });
    const { precision, gatedPrecision } = benchInfer(device, config, once);
    return { precision, gatedPrecision, convolutions: [...seen] };
  };
  const f32 = { precision: "f32", gatedPrecision: "f32", convolutions: [dtypeCode("f32")] };
  assertEquals(precisionsOf({ ...config, precision: "f32" }), f32);
  if (!device.description.bf16) return;
  const inBf16 = (gatedPrecision: string) => {
    return { precision: "bf16", gatedPrecision, convolutions: [dtypeCode("bf16")] };
  };
  assertEquals(precisionsOf(bf16), inBf16(device.kind === "cuda" ? "bf16" : "f32"));
  // A CPU multiplies bf16 if gates open whole vectors.
  const inVectors = { ...bf16, width: 16, gateGroup: 16 };
  assertEquals(precisionsOf(inVectors), inBf16(resolvePrecision("auto", device.description)));
});

Deno.test("a sweep varies what was not given, with projectors that follow the width", () => {
  const description = { ...device.description, bf16: true, cores: 4 };
  const all = sweepConfigs(config, new Set(), { description });
  assertEquals(all.length, 3 * 2 * 2 * 2);
  assertEquals([...new Set(all.map((one) => `${one.width} ${one.projector}`))], ["16 512", "32 1024", "64 2048"]);
  assertEquals([...new Set(all.map((one) => one.threads))], [1, 4]);
  const fixed = sweepConfigs(config, new Set(["width", "projector", "threads"]), { description });
  assertEquals(fixed.length, 2 * 2);
  assert(fixed.every((one) => one.width === 4 && one.projector === 8 && one.threads === 2));
  const plain = { ...description, bf16: false, cores: 1 };
  assertEquals(sweepConfigs(config, new Set(), { description: plain }).length, 3 * 2);
});

Deno.test("each row of a sweep is measured on as many threads and in the precision that it names", () => {
  const configs = [{ ...config, threads: 1 }, { ...config, threads: 2, batch: 2 }];
  const told: unknown[] = [];
  const rows = benchSweep(configs, { steps: 1, progress: (row) => told.push(row) });
  assertEquals(
    rows.map(({ width, batch, projector, precision, threads }) => [width, batch, projector, precision, threads]),
    [
      [4, 4, 8, "f32", 1],
      [4, 2, 8, "f32", 2],
    ],
  );
  assertEquals(told, rows);
  assert(rows.every((row) => row.msPerStep > 0 && row.shareOfPeak > 0));
});
