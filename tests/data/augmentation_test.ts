// Tests of drawing view parameters: the columns of the native header, torchvision's rules, and the addresses of
// random numbers.
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { AUGMENT_COLUMNS } from "../../src/ops/mod.ts";
import { readFileSync } from "node:fs";
import { InvalidInputError, ShapeError } from "../../src/errors.ts";
import * as augmentation from "../../src/data/augmentation.ts";
import { drawView, identityView, type ViewOptions } from "../../src/data/augmentation.ts";
import { paperView, type ViewRecipe } from "../../src/data/view_recipe.ts";

const {
  AUGMENT_BLUR_SIGMA,
  AUGMENT_BRIGHTNESS,
  AUGMENT_CONTRAST,
  AUGMENT_CROP_HEIGHT,
  AUGMENT_CROP_LEFT,
  AUGMENT_CROP_TOP,
  AUGMENT_CROP_WIDTH,
  AUGMENT_FLIP,
  AUGMENT_GRAYSCALE,
  AUGMENT_HUE,
  AUGMENT_JITTER_ORDER,
  AUGMENT_SATURATION,
  AUGMENT_SOLARIZE,
} = augmentation;

/** Options for the first view of square images of 32 pixels, with some of them changed. */
function optionsOf(changes: Partial<ViewOptions> = {}): ViewOptions {
  return { recipe: paperView, seed: 0, epoch: 0, view: 0, sizeOf: () => [32, 32], ...changes };
}

/** Rows of a view of the images 0..count-1. */
function drawRows(recipe: ViewRecipe, count: number, height = 32, width = 32): Float32Array[] {
  return Array.from({ length: count }, (_, image) => {
    const row = new Float32Array(AUGMENT_COLUMNS);
    drawView(row, 0, image, optionsOf({ recipe, seed: 1, sizeOf: () => [height, width] }));
    return row;
  });
}

function column(rows: readonly Float32Array[], index: number): number[] {
  return rows.map((row) => row[index] ?? NaN);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Asserts that a share of rows lies within five standard errors of the probability. */
function assertShare(values: readonly boolean[], probability: number): void {
  const share = mean(values.map(Number));
  const error = 5 * Math.sqrt(probability * (1 - probability) / values.length);
  assertAlmostEquals(share, probability, error, `share ${share}, expected ${probability} +- ${error}`);
}

Deno.test("the columns are exactly those of the native header", () => {
  const header = readFileSync(new URL("../../native/include/sluice.h", import.meta.url), "utf8");
  const native = [...header.matchAll(/#define SL_(AUGMENT_\w+)\s+(\d+)/g)].map((
    [, name, value],
  ) => [name, Number(value)]);
  const ours = Object.entries(augmentation).filter(([name]) => name.startsWith("AUGMENT_"));
  assertEquals(native.length, AUGMENT_COLUMNS + 1);
  assertEquals({ ...Object.fromEntries(ours), AUGMENT_COLUMNS }, Object.fromEntries(native));
});

Deno.test("the identity view is the whole image and changes no colour", () => {
  const table = new Float32Array(2 * AUGMENT_COLUMNS).fill(9);
  identityView(table, 1, [24, 40]);
  assertEquals([...table.subarray(AUGMENT_COLUMNS)], [0, 0, 24, 40, -1, 1, 1, 1, 0, 0, 0, 0, 0]);
  assert(table.subarray(0, AUGMENT_COLUMNS).every((value) => value === 9), "the other row is untouched");
});

Deno.test("a view depends on seed, epoch, image and view, and not on earlier draws", () => {
  const draw = (seed: number, epoch: number, image: number, view: number) => {
    const table = new Float32Array(AUGMENT_COLUMNS);
    drawView(table, 0, image, optionsOf({ seed, epoch, view }));
    return table.join();
  };
  const first = draw(0, 0, 0, 0);
  const others = [draw(1, 0, 0, 0), draw(0, 1, 0, 0), draw(0, 0, 1, 0), draw(0, 0, 0, 1)];
  assertEquals(new Set([first, ...others]).size, 5);
  assertStrictEquals(draw(0, 0, 0, 0), first);
});

Deno.test("a view overwrites all columns of its row", () => {
  const clean = new Float32Array(AUGMENT_COLUMNS);
  const used = new Float32Array(AUGMENT_COLUMNS).fill(NaN);
  drawView(clean, 0, 5, optionsOf());
  drawView(used, 0, 5, optionsOf());
  assertEquals(used, clean);
});

Deno.test("crops are whole pixels inside the image, with area and ratio in the recipe's ranges up to rounding", () => {
  for (const row of drawRows(paperView, 2000, 48, 64)) {
    const [top = NaN, left = NaN, height = NaN, width = NaN] = row;
    for (const value of [top, left, height, width]) assert(Number.isInteger(value) && value >= 0);
    assert(height >= 1 && top + height <= 48 && width >= 1 && left + width <= 64);
    assertGreaterOrEqual((height + 0.5) * (width + 0.5), 0.2 * 48 * 64);
    assert((width + 0.5) / (height - 0.5) >= 3 / 4 && (width - 0.5) / (height + 0.5) <= 4 / 3);
  }
});

Deno.test("crops of small scale have uniform area, log-uniform ratio and uniform place", () => {
  const rows = drawRows({ ...paperView, scale: [0.05, 0.15] }, 4000, 256, 256);
  const areas = rows.map((row) => (row[AUGMENT_CROP_HEIGHT] ?? 0) * (row[AUGMENT_CROP_WIDTH] ?? 0) / 65536);
  // Five standard errors of the mean of uniform variables of these widths.
  assertAlmostEquals(mean(areas), 0.1, 5 * 0.1 / Math.sqrt(12 * 4000));
  const ratios = rows.map((row) => Math.log((row[AUGMENT_CROP_WIDTH] ?? 0) / (row[AUGMENT_CROP_HEIGHT] ?? 0)));
  assertLess(Math.abs(mean(ratios)), 5 * 2 * Math.log(4 / 3) / Math.sqrt(12 * 4000));
  const places = rows.map((row) => (row[AUGMENT_CROP_LEFT] ?? 0) / (256 - (row[AUGMENT_CROP_WIDTH] ?? 0)));
  assertAlmostEquals(mean(places), 0.5, 5 / Math.sqrt(12 * 4000));
  assertEquals(Math.min(...places), 0);
  assertEquals(Math.max(...places), 1);
});

Deno.test("if no crop fits in ten tries, the largest centred crop of an allowed ratio is taken", () => {
  const whole: ViewRecipe = { ...paperView, scale: [4, 4] };
  const crop = (height: number, width: number) => [...(drawRows(whole, 1, height, width)[0] ?? [])].slice(0, 4);
  assertEquals(crop(32, 32), [0, 0, 32, 32]);
  assertEquals(crop(30, 90), [0, 25, 30, 40]); // ratio 3 is cropped to 4/3
  assertEquals(crop(90, 30), [25, 0, 40, 30]); // ratio 1/3 is cropped to 3/4
  assertEquals(crop(30, 36), [0, 0, 30, 36]);
});

Deno.test("the four colour changes apply together in four fifths of views, in all 24 orders", () => {
  const rows = drawRows(paperView, 5000);
  const orders = column(rows, AUGMENT_JITTER_ORDER);
  assertShare(orders.map((order) => order >= 0), 0.8);
  const distinct = new Set(orders.filter((order) => order >= 0));
  assertEquals(distinct.size, 24);
  for (const order of distinct) {
    assertEquals([...String(order).padStart(4, "0")].sort(), ["0", "1", "2", "3"]);
  }
  for (const row of rows.filter((_, index) => orders[index] === -1)) {
    const changes = [AUGMENT_BRIGHTNESS, AUGMENT_CONTRAST, AUGMENT_SATURATION, AUGMENT_HUE].map((index) => row[index]);
    assertEquals(changes, [1, 1, 1, 0]);
  }
});

Deno.test("colour factors fill their ranges and never go below zero", () => {
  const rows = drawRows({ ...paperView, jitterProbability: 1, contrast: 1.5 }, 4000);
  const ranges: [number, number, number][] = [
    [AUGMENT_BRIGHTNESS, 0.6, 1.4],
    [AUGMENT_CONTRAST, 0, 2.5],
    [AUGMENT_SATURATION, 0.8, 1.2],
    [AUGMENT_HUE, -0.1, 0.1],
  ];
  for (const [index, low, high] of ranges) {
    const values = column(rows, index);
    const rounding = 1e-6; // the table is float32
    assert(Math.min(...values) >= low - rounding && Math.max(...values) <= high + rounding);
    assert(Math.min(...values) < low + 0.01 * (high - low) && Math.max(...values) > high - 0.01 * (high - low));
    assertAlmostEquals(mean(values), (low + high) / 2, 5 * (high - low) / Math.sqrt(12 * 4000));
  }
});

Deno.test("grey, blur, solarisation and flip occur independently with their probabilities", () => {
  const rows = drawRows({ ...paperView, blurProbability: 0.3 }, 5000);
  const grey = column(rows, AUGMENT_GRAYSCALE).map((value) => value === 1);
  const blurred = column(rows, AUGMENT_BLUR_SIGMA).map((sigma) => sigma > 0);
  const solarized = column(rows, AUGMENT_SOLARIZE).map((value) => value === 1);
  const flipped = column(rows, AUGMENT_FLIP).map((value) => value === 1);
  assertShare(grey, 0.2);
  assertShare(blurred, 0.3);
  assertShare(solarized, 0.1);
  assertShare(flipped, 0.5);
  assertShare(grey.map((value, index) => value && flipped[index] === true), 0.1);
  assertShare(blurred.map((value, index) => value && solarized[index] === true), 0.03);
  const sigmas = column(rows, AUGMENT_BLUR_SIGMA).filter((sigma) => sigma > 0);
  assert(Math.min(...sigmas) >= 0.1 && Math.max(...sigmas) <= 2 && Math.abs(mean(sigmas) - 1.05) < 0.08);
});

Deno.test("a recipe that only crops changes nothing else", () => {
  const none: ViewRecipe = {
    ...paperView,
    jitterProbability: 0,
    grayscaleProbability: 0,
    solarizeProbability: 0,
    flipProbability: 0,
  };
  for (const row of drawRows(none, 200)) {
    assertEquals([...row.subarray(AUGMENT_JITTER_ORDER)], [-1, 1, 1, 1, 0, 0, 0, 0, 0]);
    assertGreaterOrEqual(row[AUGMENT_CROP_TOP] ?? -1, 0);
  }
});

Deno.test("an epoch or view out of range and a row beyond the table are refused", () => {
  const table = new Float32Array(AUGMENT_COLUMNS);
  assertThrows(() => drawView(table, 0, 0, optionsOf({ epoch: 4096 })), InvalidInputError);
  assertThrows(() => drawView(table, 0, 0, optionsOf({ epoch: -1 })), Error, "epoch -1");
  assertThrows(() => drawView(table, 0, 0, optionsOf({ view: 16 })), Error, "view 16");
  assertThrows(() => drawView(table, 1, 0, optionsOf()), ShapeError);
  assertThrows(() => identityView(table, -1, [32, 32]), ShapeError);
});
