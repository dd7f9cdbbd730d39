/**
 * Tests the linear probe on data whose best classifier is known.
 *
 * @module
 */

import { assertAlmostEquals, assertEquals, assertGreaterOrEqual, assertNotEquals } from "@std/assert";
import type { Device } from "../../src/device/mod.ts";
import { linearProbe } from "../../src/evaluation/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const [size, classes] = [8, 8];

/**
 * Class k has the value `gap` in feature k. All features have noise of deviation 1, and feature k is scaled by 10^(k -
 * 4).
 */
function classPoints(device: Device, count: number, stream: number, gap: number) {
  const random = new RandomStream(7, stream, 0);
  const labels = Int32Array.from({ length: count }, () => random.integer(classes));
  const values = Float32Array.from({ length: count * size }, (_, i) => {
    const feature = i % size;
    return (random.normal() + (labels[Math.floor(i / size)] === feature ? gap : 0)) * 10 ** (feature - 4);
  });
  return { features: Tensor.from(device, values, [count, size]), labels };
}

Deno.test("the probe separates separable classes although their features differ in scale", () => {
  using device = openDevice();
  using _scope = new Scope();
  const accuracy = linearProbe(classPoints(device, 1500, 1, 8), classPoints(device, 500, 2, 8), { classes, seed: 0 });
  assertGreaterOrEqual(accuracy.top1, 99, `${accuracy.top1}`);
  assertGreaterOrEqual(accuracy.top5, accuracy.top1);
});

Deno.test("the probe is as accurate as the best classifier on overlapping classes", () => {
  using device = openDevice();
  using _scope = new Scope();
  const test = classPoints(device, 2000, 4, 2);
  const values = test.features.toFloat32();
  let best = 0;
  test.labels.forEach((label, row) => {
    const scaled = Array.from({ length: size }, (_, k) => (values[row * size + k] ?? 0) / 10 ** (k - 4));
    if (scaled.indexOf(Math.max(...scaled)) === label) best++;
  });
  const accuracy = linearProbe(classPoints(device, 3000, 3, 2), test, { classes, seed: 0 });
  assertAlmostEquals(accuracy.top1, 100 * best / 2000, 1.5, `${accuracy.top1} against ${100 * best / 2000}`);
});

Deno.test("the probe's accuracy is equal for equal seeds, and differs for another seed", () => {
  using device = openDevice();
  using _scope = new Scope();
  const [train, test] = [classPoints(device, 400, 5, 1), classPoints(device, 400, 6, 1)];
  const options = { classes, seed: 3, epochs: 10 };
  const accuracy = linearProbe(train, test, options);
  assertEquals(linearProbe(train, test, options), accuracy);
  assertNotEquals(linearProbe(train, test, { ...options, seed: 4 }), accuracy);
});
