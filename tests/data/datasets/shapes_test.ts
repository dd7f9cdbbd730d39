// Tests of the data set drawn by code.
import {
  assertAlmostEquals,
  assertEquals,
  assertIsError,
  assertLess,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { InvalidInputError } from "../../../src/errors.ts";
import { type MemoryImages, shapes } from "../../../src/data/mod.ts";

const { labelled: { train, test }, classes, mean, std, views } = shapes.open({
  seed: 0,
  trainImages: 1000,
  testImages: 200,
});

function imageOf({ images }: MemoryImages, index: number): Uint8Array {
  return images.slice(index * 3072, (index + 1) * 3072);
}

Deno.test("by default there are 10,000 training and 2,000 test images of 32x32", () => {
  const all = shapes.open({ seed: 0 });
  assertEquals([
    all.labelled.train.count,
    all.labelled.test.count,
    all.labelled.train.height,
    all.labelled.train.width,
  ], [10_000, 2_000, 32, 32]);
  assertEquals(all.labelled.train.images.length, 10_000 * 3072);
  assertEquals(imageOf(all.labelled.train, 999), imageOf(train, 999), "a larger split begins with the smaller one");
});

Deno.test("the ten classes are equally frequent in both splits", () => {
  assertEquals(classes.length, 10);
  for (const { count, labels } of [train, test]) {
    const counts = new Array<number>(10).fill(0);
    for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
    assertEquals(counts, new Array(10).fill(count / 10));
  }
});

Deno.test("an image depends on seed, split and index, and on nothing else", () => {
  const again = shapes.open({ seed: 0, trainImages: 20, testImages: 20 });
  const other = shapes.open({ seed: 1, trainImages: 20, testImages: 20 });
  for (const index of [0, 7, 19]) {
    assertEquals(imageOf(again.labelled.train, index), imageOf(train, index));
    assertNotEquals(imageOf(again.labelled.test, index), imageOf(train, index));
    assertNotEquals(imageOf(other.labelled.train, index), imageOf(train, index));
  }
  assertEquals(new Set(Array.from({ length: 1000 }, (_, index) => imageOf(train, index).join())).size, 1000);
});

Deno.test("the constants are the mean and standard deviation of the images", () => {
  for (const channel of [0, 1, 2] as const) {
    const values = train.images.filter((_, index) => index % 3 === channel);
    const average = values.reduce((sum, value) => sum + value, 0) / values.length / 255;
    const variance = values.reduce((sum, value) => sum + (value / 255 - average) ** 2, 0) / values.length;
    assertAlmostEquals(average, mean[channel], 0.03);
    assertAlmostEquals(Math.sqrt(variance), std[channel], 0.02);
  }
});

Deno.test("the mean colour of an image says little about its class", () => {
  // Between-class variance of a mean colour over its total variance: 9/999 is expected by chance.
  for (const channel of [0, 1, 2]) {
    const colours = Array.from({ length: 1000 }, (_, index) => {
      const image = imageOf(train, index);
      let sum = 0;
      for (let i = channel; i < 3072; i += 3) sum += image[i] ?? 0;
      return sum / 1024;
    });
    const overall = colours.reduce((sum, value) => sum + value, 0) / 1000;
    const total = colours.reduce((sum, value) => sum + (value - overall) ** 2, 0);
    const between = classes.reduce((sum, _, label) => {
      const own = colours.filter((_, index) => train.labels[index] === label);
      return sum + own.length * (own.reduce((a, b) => a + b, 0) / own.length - overall) ** 2;
    }, 0);
    assertLess(between / total, 0.03, `share ${between / total}`);
  }
});

Deno.test("a seed still draws the images that it drew when this data set was introduced", async () => {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(train.images)));
  const hex = [...digest.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  assertEquals(hex, "7a4d1c19358a126c");
});

Deno.test("both views can have any hue and are grey half of the time, so that colour does not identify an image", () => {
  for (const view of views) {
    assertEquals(view.hue, 0.5);
    assertEquals(view.grayscaleProbability, 0.5);
  }
});

Deno.test("a folder and an invalid number of images are refused", () => {
  assertThrows(() => shapes.open({ seed: 0, data: "somewhere" }), Error, "reads no folder: remove --data somewhere");
  assertIsError(assertThrows(() => shapes.open({ seed: 0, trainImages: 0 })), Error, /train-images 0 .* 1 to 1000000/);
  assertThrows(() => shapes.open({ seed: 0, testImages: 1e7 }), Error, "test-images 10000000");
  assertThrows(() => shapes.open({ seed: -1, trainImages: 1, testImages: 1 }), InvalidInputError);
});
