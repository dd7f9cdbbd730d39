/**
 * Tests of data sets whose images are brought to another size: they become what image files of the same pixels become.
 *
 * @module
 */
import { assertAlmostEquals, assertEquals, assertLess, assertNotEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { writeFileSync } from "node:fs";
import {
  type Dataset,
  images as imageFiles,
  ImageStores,
  type RecordImages,
  resizedDataset,
  shapes,
} from "../../src/data/mod.ts";
import { TrainingViews } from "../../src/evaluation/mod.ts";
import { encodePng } from "../../src/formats/mod.ts";
import { listImages } from "../../src/run/image_list.ts";
import { openDevice } from "../devices.ts";
import { withFolder } from "../folders.ts";

const own = shapes.open({ seed: 0, trainImages: 5, testImages: 3 });
const { mean, std } = own;

/** The normalised pixels of the training images, read in two ranges. */
function pixelsOf(dataset: Dataset, onDevice = true): Float32Array {
  using device = openDevice();
  using stores = new ImageStores(device, { ...dataset, mean, std }, { onDevice });
  const images = stores.evaluation(dataset.pretraining);
  const parts = [images.normalised(0, 3), images.normalised(3, 5)].map((part) => part.toFloat32());
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

/** The same images as files. */
function writeFiles(folder: string): void {
  const { pretraining: { count, height, width, images } } = own;
  const bytes = height * width * 3;
  for (let image = 0; image < count; image++) {
    const pixels = images.slice(image * bytes, (image + 1) * bytes);
    writeFileSync(join(folder, `${image}.png`), encodePng({ width, height, pixels }));
  }
}

/** The same images as records of a file: planes of red, green and blue, column by column. */
function recordsIn(folder: string): RecordImages {
  const { count, height, width, images, labels } = own.pretraining;
  const path = join(folder, "records.bin");
  const plane = height * width;
  const bytes = Uint8Array.from({ length: images.length }, (_, place) => {
    const [image, channel, within] = [Math.floor(place / (3 * plane)), Math.floor(place / plane) % 3, place % plane];
    const [x, y] = [Math.floor(within / height), within % height];
    return images[((image * height + y) * width + x) * 3 + channel] ?? 0;
  });
  writeFileSync(path, bytes);
  return { kind: "records", path, count, height, width, labels };
}

for (const side of [48, 20]) {
  Deno.test(
    `images of 32 pixels become images of ${side} pixels as image files do`,
    withFolder((folder) => {
      writeFiles(folder);
      const files = imageFiles.open({ seed: 0, data: folder, imageSize: side });
      const resized = resizedDataset(own, side);
      assertEquals([resized.pretraining.height, resized.pretraining.width], [side, side]);
      const [expected, found] = [pixelsOf(files), pixelsOf(resized)];
      assertStrictEquals(found.length, 5 * side * side * 3);
      // A value at the middle between two bytes may be rounded either way.
      const tolerance = 1.01 / 255 / Math.min(...std);
      found.forEach((value, place) => assertAlmostEquals(value, expected[place] ?? NaN, tolerance));
      const differing = found.filter((value, place) => value !== expected[place]).length;
      assertLess(differing / found.length, 0.01);
      assertEquals(pixelsOf(resized, false), found, "from host memory");
      const records = resizedDataset({ ...own, pretraining: recordsIn(folder), labelled: null }, side);
      assertEquals(pixelsOf(records), found, "from a file of records");
    }),
  );
}

Deno.test(
  "images that have the size, and image files, stay as they are",
  withFolder((folder) => {
    writeFiles(folder);
    const same = resizedDataset(own, 32);
    assertStrictEquals(same.pretraining, own.pretraining);
    const files = imageFiles.open({ seed: 0, data: folder, imageSize: 40 });
    assertStrictEquals(resizedDataset(files, 40).pretraining, files.pretraining);
  }),
);

Deno.test("a resized data set lists the same images, trains on its labelled images, and gives views of its size", async () => {
  const resized = resizedDataset(own, 40);
  assertStrictEquals(resized.pretraining, resized.labelled?.train);
  assertEquals(resized.labelled?.test.labels, own.labelled.test.labels);
  assertEquals(await listImages(resized), await listImages(own));
  const { labelled } = resized;
  if (labelled === null) return;
  using device = openDevice();
  using stores = new ImageStores(device, resized);
  const views = new TrainingViews(stores, labelled.train);
  const drawn = { recipe: own.views[0], seed: 3, epoch: 0 };
  const seen: number[][] = [];
  views.visit([Int32Array.of(0, 1, 2)], [{ ...drawn, view: 0 }, { ...drawn, view: 1 }], ([one, other]) => {
    seen.push([...one.shape]);
    assertNotEquals(one.toFloat32(), other.toFloat32());
  });
  assertEquals(seen, [[3, 40, 40, 3]]);
});
