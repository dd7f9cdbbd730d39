/**
 * Cases of `augment`.
 *
 * @module
 */
import { constants } from "../device/mod.ts";
import { augment, AUGMENT_COLUMNS } from "../ops/mod.ts";
import { bytes, type CaseInput, given, givenIntegers } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";
import { type ReferenceImage, viewOf, type ViewParameters } from "./reference_augment.ts";

const MEAN = [0.4914, 0.4822, 0.4465] as const;
const STD = [0.247, 0.2435, 0.2616] as const;

type Size = readonly [height: number, width: number];

/** The parameters that differ from those of an untouched image. */
type View = Partial<ViewParameters>;

/** The column of each parameter. */
const columns: Readonly<Record<keyof ViewParameters, number>> = {
  top: constants.SL_AUGMENT_CROP_TOP,
  left: constants.SL_AUGMENT_CROP_LEFT,
  height: constants.SL_AUGMENT_CROP_HEIGHT,
  width: constants.SL_AUGMENT_CROP_WIDTH,
  jitterOrder: constants.SL_AUGMENT_JITTER_ORDER,
  brightness: constants.SL_AUGMENT_BRIGHTNESS,
  contrast: constants.SL_AUGMENT_CONTRAST,
  saturation: constants.SL_AUGMENT_SATURATION,
  hue: constants.SL_AUGMENT_HUE,
  grayscale: constants.SL_AUGMENT_GRAYSCALE,
  blurSigma: constants.SL_AUGMENT_BLUR_SIGMA,
  solarize: constants.SL_AUGMENT_SOLARIZE,
  flip: constants.SL_AUGMENT_FLIP,
};
const columnEntries = Object.entries(columns) as [keyof ViewParameters, number][];

/** The parameters that leave an image of this size unchanged. */
function untouched([height, width]: Size): ViewParameters {
  return {
    top: 0,
    left: 0,
    height,
    width,
    jitterOrder: -1,
    brightness: 1,
    contrast: 1,
    saturation: 1,
    hue: 0,
    grayscale: 0,
    blurSigma: 0,
    solarize: 0,
    flip: 0,
  };
}

/** One row of the parameter table. */
function tableRow(view: View, size: Size): number[] {
  const parameters = { ...untouched(size), ...view };
  const row = new Array<number>(AUGMENT_COLUMNS).fill(NaN);
  for (const [name, column] of columnEntries) row[column] = parameters[name];
  return row;
}

function viewParameters(row: Float64Array): ViewParameters {
  const parameters = { ...untouched([NaN, NaN]) };
  for (const [name, column] of columnEntries) parameters[name] = row[column] ?? NaN;
  return parameters;
}

/** The image at an index of [count, height, width, 3] bytes, in 0..1. */
function imageAt(images: Float64Array, index: number, [height, width]: Size): ReferenceImage {
  const count = height * width * 3;
  return { height, width, values: images.subarray(index * count, (index + 1) * count).map((value) => value / 255) };
}

function normalised({ values }: ReferenceImage): Float64Array {
  return values.map((value, i) => (value - Math.fround(MEAN[i % 3] ?? NaN)) / Math.fround(STD[i % 3] ?? NaN));
}

interface Options {
  readonly images?: CaseInput;
  readonly indices?: readonly number[];
  readonly from?: Size;
  readonly to?: Size;
  readonly bf16?: boolean;
  readonly fixture?: boolean;
}

function single(label: string, views: readonly View[], options: Options = {}): OperationCase {
  const { from = [8, 7], to = [6, 5], bf16 = false, fixture = false } = options;
  const count = 3;
  const { images = bytes([count, ...from, 3]), indices = views.map((_, index) => index % count) } = options;
  const table = views.flatMap((view) => tableRow(view, from));
  return operationCase({
    operation: "augment",
    label,
    attributes: { size: to, mean: MEAN, std: STD },
    inputs: {
      images,
      indices: givenIntegers([views.length], indices),
      parameters: given([views.length, AUGMENT_COLUMNS], table),
    },
    run: (_device, _tape, { images, indices, parameters }) =>
      augment(images, indices, parameters, { size: to, mean: MEAN, std: STD, dtype: bf16 ? "bf16" : "f32" }),
    reference: ({ images, indices, parameters }) => {
      const results = [...indices].flatMap((index, view) => {
        const row = parameters.subarray(view * AUGMENT_COLUMNS, (view + 1) * AUGMENT_COLUMNS);
        return [...normalised(viewOf(imageAt(images, index, from), viewParameters(row), ...to))];
      });
      return [Float64Array.from(results)];
    },
    ...(bf16 && { tolerance: { error: 1e-5, reason: "views are rounded to 8 bits" } }),
    fixture,
  });
}

const jitterFactors: View = { brightness: 1.3, contrast: 0.7, saturation: 1.15, hue: 0.07 };
const square: Options = { from: [6, 6], to: [6, 6] };

/** An image that holds every value of a byte. */
const everyByte = {
  shape: [1, 16, 6, 3],
  dtype: "u8",
  draw: () => Uint8Array.from({ length: 288 }, (_, index) => index % 256),
} as const;

/** All 24 orders of the four colour changes. */
const orders = [0, 1, 2, 3].flatMap((a) =>
  [0, 1, 2, 3].flatMap((b) => [0, 1, 2, 3].flatMap((c) => [0, 1, 2, 3].map((d) => [a, b, c, d])))
).filter((digits) => new Set(digits).size === 4).map((digits) => Number(digits.join("")));

/** Cases of `augment`. */
export const augmentCases: readonly OperationCase[] = [
  single("an untouched image", [{}], { ...square, fixture: true }),
  single("every byte, normalised exactly", [{}], { images: everyByte, from: [16, 6], to: [16, 6], fixture: true }),
  single("flip", [{ flip: 1 }, {}], { ...square, fixture: true }),
  single("a crop of the view's size", [{ top: 2, left: 1, height: 6, width: 5 }], { fixture: true }),
  single("shrinking", [{}, {}, {}], { from: [13, 11], to: [5, 4], fixture: true }),
  single("enlarging", [{ top: 1, left: 2, height: 3, width: 4, flip: 1 }], { to: [9, 9], fixture: true }),
  single("one way larger, the other smaller", [{ height: 3 }, { width: 2 }], { to: [7, 3], fixture: true }),
  single("a crop of one pixel", [{ top: 4, left: 3, height: 1, width: 1 }], { fixture: true }),
  single("a view of one pixel", [{}], { to: [1, 1], fixture: true }),
  single("one image several times", [{ top: 1, height: 7 }, { flip: 1 }, { left: 2, width: 3 }], {
    indices: [2, 2, 2],
    fixture: true,
  }),
  single("brightness", [{ jitterOrder: 123, brightness: 1.4 }, { jitterOrder: 123, brightness: 0.6 }], square),
  single("contrast", [{ jitterOrder: 1023, contrast: 1.4 }, { jitterOrder: 1023, contrast: 0.6 }], square),
  single("saturation", [{ jitterOrder: 2013, saturation: 1.2 }, { jitterOrder: 2013, saturation: 0 }], square),
  single("hue", [{ jitterOrder: 3012, hue: 0.1 }, { jitterOrder: 3012, hue: -0.5 }], square),
  single("every order of the colour changes", orders.map((jitterOrder) => ({ ...jitterFactors, jitterOrder })), square),
  single("factors without jitter do nothing", [{ ...jitterFactors, jitterOrder: -1 }], square),
  single("grayscale", [{ grayscale: 1 }], square),
  single("blur", [{ blurSigma: 0.1 }, { blurSigma: 0.7 }, { blurSigma: 2 }], { from: [9, 11], to: [9, 11] }),
  single("blur wider than the image", [{ blurSigma: 2 }], { from: [3, 2], to: [3, 2] }),
  single("solarize, at every byte", [{ solarize: 1 }], { images: everyByte, from: [16, 6], to: [16, 6] }),
  single("everything at once", [
    { top: 1, left: 1, height: 6, width: 5, ...jitterFactors, jitterOrder: 2301, blurSigma: 0.8, solarize: 1, flip: 1 },
    { top: 0, left: 2, height: 8, width: 4, ...jitterFactors, jitterOrder: 3120, grayscale: 1, blurSigma: 1.5 },
  ]),
  single("bf16", [{ flip: 1, jitterOrder: 123, ...jitterFactors }, {}], { bf16: true }),
  single("no views", [], { indices: [] }),
];

/** The views of a batch of CIFAR-10. */
export const augmentBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "augment",
    label: "crop, jitter and flip, 256 views of 32x32",
    inputs: {
      images: bytes([256, 32, 32, 3]),
      indices: givenIntegers([256], Array.from({ length: 256 }, (_, index) => 255 - index)),
      parameters: given(
        [256, AUGMENT_COLUMNS],
        Array.from({ length: 256 }, () => {
          const view = { top: 3, left: 5, height: 22, width: 25, jitterOrder: 2103, flip: 1, ...jitterFactors };
          return tableRow(view, [32, 32]);
        }).flat(),
      ),
    },
    run: (_device, _tape, { images, indices, parameters }) =>
      augment(images, indices, parameters, { size: [32, 32], mean: MEAN, std: STD }),
    forward: { flops: 0, bytes: 256 * 32 * 32 * 15 },
  }),
];
