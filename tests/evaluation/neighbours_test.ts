/**
 * Nearest neighbours against exhaustive search in float64.
 *
 * @module
 */

import { assert, assertGreater, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Device } from "../../src/device/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { cosineNeighbours, nearestNeighbour } from "../../src/evaluation/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const [size, classes] = [12, 5];

interface Points {
  readonly values: Float32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
}

/** Noisy points around one centre a class, far from the origin so that distances would cancel if they could. */
function points(count: number, stream: number): Points {
  const centres = new RandomStream(1, 100, 0);
  const centre = Float64Array.from({ length: classes * size }, () => 20 + centres.normal());
  const random = new RandomStream(1, stream, 0);
  const labels = Int32Array.from({ length: count }, () => random.integer(classes));
  const values = Float32Array.from(
    { length: count * size },
    (_, i) => (centre[(labels[Math.floor(i / size)] ?? 0) * size + i % size] ?? 0) + 1.2 * random.normal(),
  );
  return { values, labels };
}

function rowOf({ values }: Points, row: number): Float32Array {
  return values.subarray(row * size, (row + 1) * size);
}

function exhaustive(bank: Points, queries: Points, predict: (query: Float32Array) => number): number {
  let correct = 0;
  queries.labels.forEach((label, row) => {
    if (predict(rowOf(queries, row)) === label) correct++;
  });
  assertGreater(bank.labels.length, 0);
  return 100 * correct / queries.labels.length;
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

const bank = points(300, 101);
const queries = points(777, 102);

function onDevice(device: Device, { values, labels }: Points) {
  return { features: Tensor.from(device, values, [labels.length, size]), labels };
}

Deno.test("the nearest neighbour is that of an exhaustive search in float64", () => {
  const expected = exhaustive(bank, queries, (query) => {
    let [best, distance] = [-1, Infinity];
    bank.labels.forEach((label, row) => {
      const squared = rowOf(bank, row).reduce((sum, value, i) => sum + (value - (query[i] ?? 0)) ** 2, 0);
      if (squared < distance) [best, distance] = [label, squared];
    });
    return best;
  });
  using device = openDevice();
  using _scope = new Scope();
  assertStrictEquals(nearestNeighbour(onDevice(device, bank), onDevice(device, queries)), expected);
  assert(expected > 40 && expected < 95, `a test that can fail either way: ${expected}`);
});

Deno.test("the weighted vote of 20 cosine neighbours is that of an exhaustive search in float64", () => {
  const expected = exhaustive(bank, queries, (query) => {
    const similarities = Array.from(bank.labels, (label, row) => {
      const other = rowOf(bank, row);
      return { label, similarity: dot(query, other) / Math.sqrt(dot(query, query) * dot(other, other)) };
    }).sort((a, b) => b.similarity - a.similarity).slice(0, 20);
    const votes = new Float64Array(classes);
    for (const { label, similarity } of similarities) votes[label] = (votes[label] ?? 0) + Math.exp(similarity / 0.07);
    return votes.indexOf(Math.max(...votes));
  });
  using device = openDevice();
  using _scope = new Scope();
  assertStrictEquals(cosineNeighbours(onDevice(device, bank), onDevice(device, queries), 20, classes), expected);
});

Deno.test("more neighbours than training images are refused with both numbers", () => {
  using device = openDevice();
  using _scope = new Scope();
  const few = onDevice(device, points(3, 103));
  const error = assertThrows(() => cosineNeighbours(few, few, 20, classes), InvalidInputError);
  assertStringIncludes(error.message, "20");
  assertStringIncludes(error.message, "3");
});
