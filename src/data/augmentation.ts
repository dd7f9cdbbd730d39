/**
 * Draws the parameters of augmented views. The native `sl_augment` applies them to the pixels.
 *
 * The rules are torchvision's: RandomResizedCrop, ColorJitter, RandomGrayscale, GaussianBlur, RandomSolarize and
 * RandomHorizontalFlip.
 *
 * @module
 */

import { constants } from "../device/mod.ts";
import { InvalidInputError, ShapeError } from "../errors.ts";
import { AUGMENT_COLUMNS } from "../ops/augment.ts";
import { RandomStream, streamOf, Streams } from "../random/mod.ts";
import type { ViewRecipe } from "./view_recipe.ts";

/** Top row of the crop, a whole number of source pixels (`SL_AUGMENT_CROP_TOP`). */
export const AUGMENT_CROP_TOP: number = constants.SL_AUGMENT_CROP_TOP;
/** Leftmost column of the crop (`SL_AUGMENT_CROP_LEFT`). */
export const AUGMENT_CROP_LEFT: number = constants.SL_AUGMENT_CROP_LEFT;
/** Height of the crop (`SL_AUGMENT_CROP_HEIGHT`). */
export const AUGMENT_CROP_HEIGHT: number = constants.SL_AUGMENT_CROP_HEIGHT;
/** Width of the crop (`SL_AUGMENT_CROP_WIDTH`). */
export const AUGMENT_CROP_WIDTH: number = constants.SL_AUGMENT_CROP_WIDTH;
/**
 * Order of brightness 0, contrast 1, saturation 2 and hue 3 as decimal digits, the first applied first (123 is
 * 0, 1, 2, 3); -1 if no jitter applies (`SL_AUGMENT_JITTER_ORDER`).
 */
export const AUGMENT_JITTER_ORDER: number = constants.SL_AUGMENT_JITTER_ORDER;
/** Brightness factor, 1 = unchanged (`SL_AUGMENT_BRIGHTNESS`). */
export const AUGMENT_BRIGHTNESS: number = constants.SL_AUGMENT_BRIGHTNESS;
/** Contrast factor, 1 = unchanged (`SL_AUGMENT_CONTRAST`). */
export const AUGMENT_CONTRAST: number = constants.SL_AUGMENT_CONTRAST;
/** Saturation factor, 1 = unchanged (`SL_AUGMENT_SATURATION`). */
export const AUGMENT_SATURATION: number = constants.SL_AUGMENT_SATURATION;
/** Hue shift in turns, 0 = unchanged (`SL_AUGMENT_HUE`). */
export const AUGMENT_HUE: number = constants.SL_AUGMENT_HUE;
/** 1: grey (`SL_AUGMENT_GRAYSCALE`). */
export const AUGMENT_GRAYSCALE: number = constants.SL_AUGMENT_GRAYSCALE;
/** Sigma of the Gaussian blur in pixels of the view, 0: none (`SL_AUGMENT_BLUR_SIGMA`). */
export const AUGMENT_BLUR_SIGMA: number = constants.SL_AUGMENT_BLUR_SIGMA;
/** 1: values of at least 128/255 are inverted (`SL_AUGMENT_SOLARIZE`). */
export const AUGMENT_SOLARIZE: number = constants.SL_AUGMENT_SOLARIZE;
/** 1: mirrored left-right (`SL_AUGMENT_FLIP`). */
export const AUGMENT_FLIP: number = constants.SL_AUGMENT_FLIP;

const CROP_TRIES = 10;
/** Epoch and view share the 16 bits of a stream's index: 4,096 epochs of 16 views. */
const VIEWS_LIMIT = 16;
const EPOCHS_LIMIT = 4096;

/** How to draw a view of each image. */
export interface ViewOptions {
  /** The distribution to draw from. */
  readonly recipe: ViewRecipe;
  /** The run's seed. */
  readonly seed: number;
  /** 0..4095. */
  readonly epoch: number;
  /** Which view of the images, 0..15. */
  readonly view: number;
  /** Gives the height and width of a source image, in pixels. */
  readonly sizeOf: (image: number) => readonly [height: number, width: number];
}

/**
 * Draws a view of an image and writes its parameters to a row of a table. They depend only on seed, epoch, image,
 * view and recipe, not on the batch or the order of drawing.
 *
 * @param table float32 [rows, AUGMENT_COLUMNS].
 * @param row The row to write.
 * @param image The image's index in the data set, uint32.
 * @throws {InvalidInputError} if the epoch or the view is out of range.
 * @throws {ShapeError} if the table has no such row.
 */
export function drawView(table: Float32Array, row: number, image: number, options: ViewOptions): void {
  drawColumns(rowOf(table, row), image, viewStream(options), options);
}

/** Draws a view of an image into the columns of its row. @param random the view's stream, at any step. */
function drawColumns(
  columns: Float32Array,
  image: number,
  random: RandomStream,
  { recipe, sizeOf }: ViewOptions,
): void {
  random.restart(image);
  const [height, width] = sizeOf(image);
  identityColumns(columns, height, width);
  drawCrop(recipe, random, height, width, columns);
  if (random.uniform() < recipe.jitterProbability) drawJitter(recipe, random, columns);
  columns[AUGMENT_GRAYSCALE] = random.uniform() < recipe.grayscaleProbability ? 1 : 0;
  if (random.uniform() < recipe.blurProbability) columns[AUGMENT_BLUR_SIGMA] = uniformIn(random, recipe.blurSigma);
  columns[AUGMENT_SOLARIZE] = random.uniform() < recipe.solarizeProbability ? 1 : 0;
  columns[AUGMENT_FLIP] = random.uniform() < recipe.flipProbability ? 1 : 0;
}

/**
 * Writes the row that keeps an image unchanged: its crop is the whole image, and no colour changes.
 *
 * @param table float32 [rows, AUGMENT_COLUMNS].
 * @param row The row to write.
 * @param size Height and width of the source image, in pixels.
 * @throws {ShapeError} if the table has no such row.
 */
export function identityView(
  table: Float32Array,
  row: number,
  [height, width]: readonly [height: number, width: number],
): void {
  identityColumns(rowOf(table, row), height, width);
}

function identityColumns(columns: Float32Array, height: number, width: number): void {
  columns.fill(0);
  columns[AUGMENT_CROP_HEIGHT] = height;
  columns[AUGMENT_CROP_WIDTH] = width;
  columns[AUGMENT_JITTER_ORDER] = -1;
  columns[AUGMENT_BRIGHTNESS] = 1;
  columns[AUGMENT_CONTRAST] = 1;
  columns[AUGMENT_SATURATION] = 1;
}

/**
 * Draws one view of each image with {@linkcode drawView}.
 *
 * @param indices The images' indices in the data set.
 * @returns float32 [indices, AUGMENT_COLUMNS].
 */
export function viewTable(indices: Int32Array, options: ViewOptions): Float32Array<ArrayBuffer> {
  const table = new Float32Array(indices.length * AUGMENT_COLUMNS);
  const random = viewStream(options);
  const columns = new Float32Array(AUGMENT_COLUMNS);
  indices.forEach((image, row) => {
    drawColumns(columns, image, random, options);
    table.set(columns, row * AUGMENT_COLUMNS);
  });
  return table;
}

/** Makes the rows that keep `count` images of one size unchanged: float32 [count, AUGMENT_COLUMNS]. */
export function identityTable(
  count: number,
  size: readonly [height: number, width: number],
): Float32Array<ArrayBuffer> {
  const table = new Float32Array(count * AUGMENT_COLUMNS);
  for (let row = 0; row < count; row++) identityView(table, row, size);
  return table;
}

/** The numbers of a view of all images; an image's are at the step of its index. */
function viewStream({ seed, epoch, view }: ViewOptions): RandomStream {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch >= EPOCHS_LIMIT) {
    throw new InvalidInputError(`epoch ${epoch} is out of range: give an epoch from 0 to ${EPOCHS_LIMIT - 1}`);
  }
  if (!Number.isInteger(view) || view < 0 || view >= VIEWS_LIMIT) {
    throw new InvalidInputError(`view ${view} is out of range: give a view from 0 to ${VIEWS_LIMIT - 1}`);
  }
  return new RandomStream(seed, streamOf(Streams.augment, epoch * VIEWS_LIMIT + view), 0);
}

function rowOf(table: Float32Array, row: number): Float32Array {
  const end = (row + 1) * AUGMENT_COLUMNS;
  if (!Number.isInteger(row) || row < 0 || end > table.length) {
    throw new ShapeError(`a table of ${table.length} values has no row ${row} of ${AUGMENT_COLUMNS} columns`);
  }
  return table.subarray(row * AUGMENT_COLUMNS, end);
}

/**
 * RandomResizedCrop: area uniform, ratio log-uniform. After ten failures it takes the largest centred crop of an
 * allowed ratio.
 */
function drawCrop(
  recipe: ViewRecipe,
  random: RandomStream,
  height: number,
  width: number,
  columns: Float32Array,
): void {
  const [narrowest, widest] = recipe.ratio;
  const logarithms = [Math.log(narrowest), Math.log(widest)] as const;
  for (let tries = 0; tries < CROP_TRIES; tries++) {
    const area = height * width * uniformIn(random, recipe.scale);
    const ratio = Math.exp(uniformIn(random, logarithms));
    const cropWidth = Math.round(Math.sqrt(area * ratio));
    const cropHeight = Math.round(Math.sqrt(area / ratio));
    if (cropWidth < 1 || cropWidth > width || cropHeight < 1 || cropHeight > height) continue;
    const top = random.integer(height - cropHeight + 1);
    const left = random.integer(width - cropWidth + 1);
    setCrop(columns, top, left, cropHeight, cropWidth);
    return;
  }
  const ratio = Math.min(Math.max(width / height, narrowest), widest);
  // A narrow image keeps its width, a wide image its height, and an image of an allowed ratio keeps both.
  const cropHeight = width / height < ratio ? Math.round(width / ratio) : height;
  const cropWidth = width / height > ratio ? Math.round(height * ratio) : width;
  setCrop(columns, (height - cropHeight) >> 1, (width - cropWidth) >> 1, cropHeight, cropWidth);
}

function setCrop(columns: Float32Array, top: number, left: number, height: number, width: number): void {
  columns[AUGMENT_CROP_TOP] = top;
  columns[AUGMENT_CROP_LEFT] = left;
  columns[AUGMENT_CROP_HEIGHT] = height;
  columns[AUGMENT_CROP_WIDTH] = width;
}

function drawJitter(recipe: ViewRecipe, random: RandomStream, columns: Float32Array): void {
  columns[AUGMENT_JITTER_ORDER] = random.permutation(4).reduce((digits, change) => digits * 10 + change, 0);
  columns[AUGMENT_BRIGHTNESS] = factorIn(random, recipe.brightness);
  columns[AUGMENT_CONTRAST] = factorIn(random, recipe.contrast);
  columns[AUGMENT_SATURATION] = factorIn(random, recipe.saturation);
  columns[AUGMENT_HUE] = uniformIn(random, [-recipe.hue, recipe.hue]);
}

function factorIn(random: RandomStream, strength: number): number {
  return uniformIn(random, [Math.max(0, 1 - strength), 1 + strength]);
}

function uniformIn(random: RandomStream, [low, high]: readonly [low: number, high: number]): number {
  return low + (high - low) * random.uniform();
}
