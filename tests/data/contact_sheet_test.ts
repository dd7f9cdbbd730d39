// Tests of the contact sheet.
import { assertEquals, assertNotEquals } from "@std/assert";
import { Buffer } from "node:buffer";
// @ts-types="../../src/types/pngjs.d.ts"
import { PNG } from "pngjs";
import { contactSheet, ImageStores, shapes } from "../../src/data/mod.ts";
import { encodePng, type Picture } from "../../src/formats/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();
const dataset = shapes.open({ seed: 3, trainImages: 6, testImages: 1 });
const stores = new ImageStores(device, dataset);

/** A pixel of a picture. */
function pixel({ width, pixels }: Picture, x: number, y: number): number[] {
  return [...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

Deno.test("the first column shows the unchanged images, each pixel as a square", () => {
  const { height, width, images } = dataset.pretraining;
  const sheet = contactSheet(stores, { images: 3, seed: 1, epoch: 0 });
  const scale = Math.floor(96 / Math.max(height, width));
  assertEquals([sheet.width, sheet.height], [3 * (width * scale + 2) + 2, 3 * (height * scale + 2) + 2]);
  assertEquals(pixel(sheet, 0, 0), [255, 255, 255]);
  for (const [image, x, y] of [[0, 0, 0], [1, 5, 7], [2, width - 1, height - 1]] as const) {
    // Three of six images: every second image.
    const from = ((2 * image * height + y) * width + x) * 3;
    for (const [dx, dy] of [[0, 0], [scale - 1, scale - 1]] as const) {
      const shown = pixel(sheet, 2 + x * scale + dx, 2 + image * (height * scale + 2) + y * scale + dy);
      assertEquals(shown, [...images.subarray(from, from + 3)]);
    }
  }
});

Deno.test("the views depend only on seed and epoch, and the two views differ", () => {
  const views = (seed: number, epoch: number) => contactSheet(stores, { images: 2, seed, epoch }).pixels;
  assertEquals(views(1, 0), views(1, 0));
  assertNotEquals(views(1, 0), views(2, 0));
  assertNotEquals(views(1, 0), views(1, 1));
});

Deno.test("a PNG file contains the picture's pixels", () => {
  const picture = { width: 5, height: 3, pixels: Uint8Array.from({ length: 45 }, (_, i) => (i * 37) % 256) };
  const bytes = encodePng(picture);
  assertEquals(encodePng(picture), bytes);
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
  assertEquals([width, height], [5, 3]);
  const colours = [...data].filter((_, i) => i % 4 !== 3);
  assertEquals(colours, [...picture.pixels]);
});
