// Tests of random streams: addressing, ranges, distributions.
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { InvalidInputError } from "../../src/errors.ts";
import { philox4x32, RandomStream, streamOf, Streams } from "../../src/random/mod.ts";

function draws<T>(count: number, draw: () => T): T[] {
  return Array.from({ length: count }, draw);
}

Deno.test("a stream walks the words of the blocks (block, stream, step, 0) under the seed's two halves", () => {
  const stream = new RandomStream(0x1234_5678_9abc_def0n, 7, 11);
  const expected = [0, 1, 2].flatMap((block) => [...philox4x32(0x9abcdef0, 0x12345678, [block, 7, 11, 0])]);
  assertEquals(draws(12, () => stream.uint32()), expected);
});

Deno.test("a stream that is restarted at a step draws what a new stream draws", () => {
  const stream = new RandomStream(9, 7, 11);
  stream.normal(); // leaves a spare one
  stream.restart(12);
  const fresh = new RandomStream(9, 7, 12);
  assertEquals(draws(9, () => stream.normal()), draws(9, () => fresh.normal()));
  assertThrows(() => stream.restart(2 ** 32), InvalidInputError, "step 4294967296");
});

Deno.test("a seed given as number and as bigint is the same seed", () => {
  const seed = 2 ** 40 + 5;
  assertStrictEquals(new RandomStream(seed, 1, 2).uint32(), new RandomStream(BigInt(seed), 1, 2).uint32());
});

Deno.test("seed, stream and step each change the numbers", () => {
  const first = [[0, 1, 2], [1, 1, 2], [2 ** 32, 1, 2], [0, 2, 2], [0, 1, 3]].map(([seed, stream, step]) =>
    new RandomStream(seed ?? 0, stream ?? 0, step ?? 0).uint32()
  );
  assertEquals(new Set(first).size, first.length);
});

Deno.test("uniform is ((bits >> 8) + 0.5) 2^-24 of the same words", () => {
  const bits = new RandomStream(3, 4, 5);
  const uniform = new RandomStream(3, 4, 5);
  for (let i = 0; i < 100; i++) assertEquals(uniform.uniform(), ((bits.uint32() >>> 8) + 0.5) / 16777216);
});

Deno.test("uniform numbers fill twenty equal bins evenly", () => {
  const stream = new RandomStream(1, 1, 0);
  const bins = new Array<number>(20).fill(0);
  for (let i = 0; i < 20_000; i++) {
    const bin = Math.floor(stream.uniform() * 20);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  assertLess(chiSquare, 43.8, `chi-square ${chiSquare} is beyond the 0.999 quantile of 19 degrees of freedom`);
});

Deno.test("normal numbers have mean 0, variance 1, skewness 0, kurtosis 3 and uncorrelated neighbours", () => {
  const stream = new RandomStream(2, 1, 0);
  const values = draws(40_000, () => stream.normal());
  const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
  const neighbours = values.slice(1).reduce((sum, value, i) => sum + value * (values[i] ?? 0), 0) / values.length;
  // Five standard errors of each estimate.
  assertLess(Math.abs(moment(1)), 5 / 200);
  assertAlmostEquals(moment(2), 1, 5 * Math.sqrt(2) / 200);
  assertLess(Math.abs(moment(3)), 5 * Math.sqrt(15) / 200);
  assertAlmostEquals(moment(4), 3, 5 * Math.sqrt(96) / 200);
  assertLess(Math.abs(neighbours), 5 / 200);
});

Deno.test("integer stays in 0..n-1 and gives every value of a bound that does not divide 2^32 its share", () => {
  const stream = new RandomStream(4, 1, 0);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 14_000; i++) {
    const value = stream.integer(7);
    assert(Number.isInteger(value) && value >= 0 && value < 7);
    counts[value] = (counts[value] ?? 0) + 1;
  }
  const chiSquare = counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
  assertLess(chiSquare, 22.5, `chi-square ${chiSquare} is beyond the 0.999 quantile of 6 degrees of freedom`);
});

Deno.test("integer draws again where the bits lie beyond the last whole multiple of the bound", () => {
  const bound = 3 * 2 ** 30; // a quarter of all words must be refused
  const words = new RandomStream(5, 1, 0);
  const accepted = draws(400, () => words.uint32()).filter((word) => word < bound);
  assertLess(accepted.length, 400);
  const stream = new RandomStream(5, 1, 0);
  assertEquals(draws(accepted.length, () => stream.integer(bound)), accepted);
});

Deno.test("a permutation holds every index once, and nothing and one are permuted too", () => {
  const order = new RandomStream(6, Streams.shuffle, 0).permutation(1000);
  assertEquals([...order].sort((a, b) => a - b), [...Array(1000).keys()]);
  assertNotEquals([...order], [...Array(1000).keys()]);
  assertEquals([...new RandomStream(6, 1, 0).permutation(0)], []);
  assertEquals([...new RandomStream(6, 1, 0).permutation(1)], [0]);
});

Deno.test("the six permutations of three are equally likely", () => {
  const stream = new RandomStream(7, 1, 0);
  const counts = new Map<string, number>();
  for (let i = 0; i < 12_000; i++) {
    const key = stream.permutation(3).join("");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assertEquals(counts.size, 6);
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
  assertLess(chiSquare, 20.5, `chi-square ${chiSquare} is beyond the 0.999 quantile of 5 degrees of freedom`);
});

Deno.test("a seed, stream, step or bound out of range is refused by name and value", () => {
  assertThrows(() => new RandomStream(-1, 0, 0), InvalidInputError);
  assertThrows(() => new RandomStream(1.5, 0, 0), Error, "seed 1.5");
  assertThrows(() => new RandomStream(1n << 64n, 0, 0), Error, "seed 18446744073709551616");
  assertThrows(() => new RandomStream(0, -1, 0), Error, "stream -1");
  assertThrows(() => new RandomStream(0, 0, 2 ** 32), Error, "step 4294967296");
  assertThrows(() => new RandomStream(0, 0, 0).integer(0), InvalidInputError);
});

Deno.test("streams combined with an index never meet one another or a bare stream", () => {
  const numbers = Object.values(Streams).flatMap((stream) => [
    stream,
    streamOf(stream, 0),
    streamOf(stream, 1),
    streamOf(stream, 65535),
  ]);
  assertEquals(new Set(numbers).size, numbers.length);
  assertThrows(() => streamOf(Streams.gate, 65536), Error, "index 65536");
});
