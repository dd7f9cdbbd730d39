/**
 * Tests of the benchmark of operations, on small benchmarks: their figures are those of the clock and of the work given.
 *
 * @module
 */
import assert from "node:assert/strict";
import { deviceRates, measureBenchmark, normal, operationBenchmark } from "../../src/selftest/mod.ts";
import { matmul } from "../../src/ops/mod.ts";
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

Deno.test("a benchmark gives one row forward and one backward, and gives back all memory", () => {
  const before = device.memory().inUse;
  const rows = measureBenchmark(device, benchmark, { bytesPerSecond: 1e9, flopsPerSecond: 1e9 });
  assert.deepEqual(rows.map((row) => row.case), ["a small product", "a small product, backward"]);
  const [forward, backward] = rows;
  assert.ok(forward && backward && forward.milliseconds > 0 && backward.milliseconds > 0);
  assert.equal(forward.gbPerSecond, null);
  assert.ok(Math.abs((forward.gflops ?? NaN) * forward.milliseconds * 1e6 / (2 * 64 * 32 * 16) - 1) < 1e-9);
  assert.ok(Math.abs(backward.shareOfFloor * backward.milliseconds / (1e3 * 4 * 64 * 32 * 16 / 1e9) - 1) < 1e-9);
  assert.equal(device.memory().inUse, before);
});

Deno.test("the rates that floors are computed from are positive numbers, and measuring them gives back all memory", () => {
  const before = device.memory().inUse;
  const { bytesPerSecond, flopsPerSecond } = deviceRates(device);
  assert.ok(bytesPerSecond > 0 && Number.isFinite(bytesPerSecond));
  assert.ok(flopsPerSecond > 0 && Number.isFinite(flopsPerSecond));
  assert.equal(device.memory().inUse, before);
});
