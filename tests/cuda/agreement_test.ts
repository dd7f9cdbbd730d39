/**
 * The CUDA library against the CPU's: a short run, and the random numbers of its gates.
 *
 * @module
 */
import assert from "node:assert/strict";

import { Device, hasLibrary } from "../../src/device/mod.ts";
import { philoxUniform } from "../../src/ops/mod.ts";
import { cudaDeviceFound } from "../devices.ts";
import { shortRun } from "./short_run.ts";

/** The stand-in takes seconds for a step, a GPU milliseconds. */
const STEPS = Deno.env.get("SLUICE_TEST_STAND_IN") === undefined ? 20 : 5;

/**
 * Differences of rounding grow from step to step, until a gate that stood at the threshold falls to the other side: from then on two
 * trainings run side by side, alike but not the same.
 */
function toleranceOf(step: number): number {
  return step < 5 ? 1e-4 : 0.05;
}

const ignore = !(hasLibrary("cpu") && cudaDeviceFound());

Deno.test({ name: `${STEPS} dual steps give the CPU's losses on a CUDA device`, ignore }, () => {
  using cpu = Device.open({ device: "cpu", threads: 2 });
  using cuda = Device.open({ device: "cuda" });
  const expected = shortRun(cpu, STEPS);
  shortRun(cuda, STEPS).forEach((scalars, step) => {
    for (const name of step < 5 ? Object.keys(scalars) : ["loss"]) {
      const [actual, wanted] = [scalars[name] ?? NaN, expected[step]?.[name] ?? NaN];
      const error = Math.abs(actual - wanted) / Math.max(1, Math.abs(wanted));
      assert.ok(error <= toleranceOf(step), `${name} of step ${step} is ${actual}, on the CPU ${wanted}`);
    }
  });
});

Deno.test({ name: "the random numbers of a CUDA device are the CPU's bit for bit", ignore }, () => {
  using cpu = Device.open({ device: "cpu", threads: 2 });
  using cuda = Device.open({ device: "cuda" });
  for (const count of [1, 3, 1000, 70001]) {
    const address = { seed: 2 ** 40 + 5, stream: 3, step: 11, firstBlock: 2 };
    using expected = philoxUniform(cpu, address, [count]);
    using actual = philoxUniform(cuda, address, [count]);
    assert.deepEqual(actual.toFloat32(), expected.toFloat32());
  }
});

Deno.test({ name: "a step in tf32 is one in f32 up to its rounding, which leaves nothing behind", ignore }, () => {
  using cuda = Device.open({ device: "cuda" });
  const [exact, rounded, again] = (["f32", "tf32", "f32"] as const).map((precision) => shortRun(cuda, 1, precision)[0]);
  const [loss = NaN, near = NaN] = [exact?.["objective"], rounded?.["objective"]];
  assert.notEqual(near, loss);
  assert.ok(Math.abs(near - loss) < 0.05 * loss, `${near} in tf32, ${loss} in f32`);
  assert.deepEqual(again, exact);
});
