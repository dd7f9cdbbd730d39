/**
 * Tests of the benchmark of operations, on small benchmarks: their figures are those of the clock and of the work
 * given.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertStrictEquals } from "@std/assert";
import { bandwidthAt, type DeviceCeilings, deviceCeilings } from "../../src/bench/ceilings.ts";
import { measureBenchmark } from "../../src/bench/operations.ts";
import { fastestMilliseconds, median, quantile } from "../../src/device/stopwatch.ts";
import { asBf16, normal, operationBenchmark } from "../../src/selftest/mod.ts";
import { cast, matmul } from "../../src/ops/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();

const benchmark = operationBenchmark({
  operation: "matmul",
  label: "a small product",
  inputs: { a: normal([64, 32]), b: normal([32, 16]) },
  differentiable: ["a", "b"],
  run: (_device, tape, { a, b }) => matmul(tape, a, b),
  forward: { flops: 2 * 64 * 32 * 16, bytes: 0 },
  backward: { flops: 4 * 64 * 32 * 16, bytes: 4096 },
});

const ceilings: DeviceCeilings = {
  bandwidths: [{ workingSet: 1024, bytesPerSecond: 4e9 }, { workingSet: 16_384, bytesPerSecond: 1e9 }],
  flopsPerSecond: { f32: 1e9, bf16: 2e9 },
};

Deno.test("a benchmark gives one row forward and one backward, and gives back all memory", () => {
  const before = device.memory().inUse;
  const rows = measureBenchmark(device, benchmark, ceilings);
  assertEquals(rows.map((row) => row.case), ["a small product", "a small product, backward"]);
  const [forward, backward] = rows;
  assert(forward && backward && forward.milliseconds > 0 && backward.milliseconds > 0);
  assertEquals(forward.gbPerSecond, null);
  assertAlmostEquals((forward.gflops ?? NaN) * forward.milliseconds * 1e6 / (2 * 64 * 32 * 16), 1, 1e-9);
  assertAlmostEquals(backward.shareOfFloor * backward.milliseconds / (1e3 * 4 * 64 * 32 * 16 / 1e9), 1, 1e-9);
  assertStrictEquals(device.memory().inUse, before);
});

Deno.test("the floor of work that moves bytes is that of the bandwidth at what the work touches", () => {
  // Inputs and output are 4 (64 x 32 + 32 x 16 + 64 x 16) = 14,336 bytes, less than the larger of the sets measured.
  const moving = { ...benchmark, forward: { flops: 0, bytes: 1e6 }, backward: { flops: 0, bytes: 1e6 } };
  const [forward, backward] = measureBenchmark(device, moving, ceilings);
  assert(forward && backward);
  assertAlmostEquals(forward.shareOfFloor * forward.milliseconds / (1e3 * 1e6 / 4e9), 1, 1e-9);
  // With the gradients of the inputs it is more.
  assertAlmostEquals(backward.shareOfFloor * backward.milliseconds / (1e3 * 1e6 / 1e9), 1, 1e-9);
});

Deno.test({
  name: "the floor of products of bf16 is that of the peak of bf16",
  ignore: !device.description.bf16,
  fn: () => {
    const halved = operationBenchmark({
      operation: "cast",
      label: "operands of bf16, whatever is done with them",
      inputs: { a: asBf16(normal([64, 32])) },
      run: (_device, tape, { a }) => cast(tape, a, "f32"),
      forward: { flops: 2 * 64 * 32 * 16, bytes: 0 },
    });
    const [forward] = measureBenchmark(device, halved, ceilings);
    assert(forward);
    assertAlmostEquals(forward.shareOfFloor * forward.milliseconds / (1e3 * 2 * 64 * 32 * 16 / 2e9), 1, 1e-9);
  },
});

Deno.test("measured ceilings are positive, larger for what fits in caches, and measuring them gives back all memory", () => {
  const before = device.memory().inUse;
  const { bandwidths, flopsPerSecond } = deviceCeilings(device);
  bandwidths.forEach(({ workingSet, bytesPerSecond }, index) => {
    assert(bytesPerSecond > 0 && Number.isFinite(bytesPerSecond));
    const next = bandwidths[index + 1];
    assert(next === undefined || next.workingSet > workingSet && next.bytesPerSecond <= bytesPerSecond);
  });
  assertGreater(flopsPerSecond.f32 ?? NaN, 0);
  assertEquals(flopsPerSecond.bf16 !== null, device.description.bf16);
  assertStrictEquals(device.memory().inUse, before);
});

Deno.test("the bandwidth at a working set is that of the next smaller one measured", () => {
  assertEquals([1, 1024, 16_383, 16_384, 1e9].map((bytes) => bandwidthAt(ceilings, bytes)), [
    4e9,
    4e9,
    4e9,
    1e9,
    1e9,
  ]);
});

Deno.test("a quantile lies linearly between two values, as in NumPy", () => {
  assertEquals(quantile([5, 1, 3, 2, 4], 0.75), 4);
  assertEquals(quantile([1, 2], 0.25), 1.25);
  assertEquals(quantile([7], 0.9), 7);
  assert(Number.isNaN(quantile([], 0.5)));
});

Deno.test("the median is the middle value, or the mean of the middle two", () => {
  assertEquals(median([3, 10, 1]), 3);
  assertEquals(median([4, 1, 10, 2]), 3);
  assert(Number.isNaN(median([])));
});

Deno.test("the fastest call is the shortest of those measured, the first and all preparation not counted", () => {
  // A clock that moves only as the work says.
  const spans = [0, 9, 5, 7, 5.5, 8];
  const real = performance.now;
  let now = 0;
  let calls = 0;
  performance.now = () => now;
  try {
    const fastest = fastestMilliseconds(device, () => {
      now += 1000;
      return () => void (now += spans[calls++] ?? 6);
    }, 20);
    assertEquals(fastest, 5);
    assertEquals(calls, 6);
  } finally {
    performance.now = real;
  }
});
