/**
 * The data set `shapes`, drawn by code: ten shapes. Colour, texture, place, size and rotation say nothing about the
 * class.
 *
 * @module
 */

import { InvalidInputError } from "../../errors.ts";
import { RandomStream, streamOf, Streams } from "../../random/mod.ts";
import type { DatasetOptions, DatasetSource, Labelled, MemoryDataset, MemoryImages } from "../dataset.ts";
import { outlines } from "../drawing/outlines.ts";
import { drawShapeImage } from "../drawing/shape_image.ts";
import { refuseFileOptions } from "../file_options.ts";
import { imageCount } from "../image_count.ts";
import { paperView, type ViewRecipe } from "../view_recipe.ts";

const SIDE = 32;
const IMAGE_BYTES = 3 * SIDE * SIDE;
const TRAIN_IMAGES = 10_000;
const TEST_IMAGES = 2_000;
/** Most images of a split: 3 GB in memory. */
const MOST_IMAGES = 1_000_000;

/**
 * Under the paper's mild colour changes an image stays recognisable by its two colours, and a network that can use
 * colour learns no shapes. So the hue shift here is unlimited, half of the views are grey, and crops keep most of the
 * shape.
 */
const shapesView: ViewRecipe = {
  ...paperView,
  scale: [0.4, 1],
  brightness: 0.6,
  contrast: 0.6,
  saturation: 0.6,
  hue: 0.5,
  grayscaleProbability: 0.5,
  solarizeProbability: 0.2,
};

const constants: Pick<MemoryDataset, "mean" | "std"> = { mean: [0.5, 0.5, 0.5], std: [0.295, 0.317, 0.287] };

const classes: readonly string[] = [...outlines.keys()];

/**
 * Shapes, 32x32: 10,000 training and 2,000 test images by default. Image i of a split has label i mod 10 and depends
 * only on (seed, split, i), so a larger split begins with the images of a smaller one.
 */
export const shapes: DatasetSource<MemoryDataset> = {
  name: "shapes",
  description: "ten shapes of any colour, texture, place and size, 32x32, drawn by code; needs no files",
  archive: null,
  folder: null,
  remedy: null,
  constants,
  side: SIDE,
  officialCounts: null,
  open(options: DatasetOptions): MemoryDataset {
    refuseFileOptions("shapes", options);
    const { data, seed, trainImages = TRAIN_IMAGES, testImages = TEST_IMAGES } = options;
    if (data !== undefined) {
      throw new InvalidInputError(`data set shapes is drawn by code and reads no folder: remove --data ${data}`);
    }
    const trainCount = imageCount("train-images", trainImages, MOST_IMAGES);
    const testCount = imageCount("test-images", testImages, MOST_IMAGES);
    const train = drawSplit(seed, 0, trainCount);
    const test = drawSplit(seed, 1, testCount);
    return {
      name: "shapes",
      classes,
      ...constants,
      pretraining: train,
      labelled: { train, test },
      views: [shapesView, shapesView],
      skipped: [],
    };
  },
};

function drawSplit(seed: number, split: number, count: number): Labelled<MemoryImages> {
  const images = new Uint8Array(count * IMAGE_BYTES);
  const labels = new Int32Array(count);
  const byLabel = [...outlines.values()];
  for (let index = 0; index < count; index++) {
    const label = index % byLabel.length;
    const outline = byLabel[label];
    if (outline === undefined) continue;
    const random = new RandomStream(seed, streamOf(Streams.shapes, split), index);
    labels[index] = label;
    drawShapeImage(outline, random, SIDE, images.subarray(index * IMAGE_BYTES, (index + 1) * IMAGE_BYTES));
  }
  return { kind: "memory", count, height: SIDE, width: SIDE, images, labels };
}
