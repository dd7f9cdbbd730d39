/**
 * Cases of gated convolutions at inference, against the same table computed in full and masked.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { type ConvolutionRow, gatedConvolutions, PackedWeights } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import { asBf16, bits, type CaseInput, given, normal, uniform } from "./case_inputs.ts";
import {
  type OperationBenchmark,
  operationBenchmark,
  type OperationCase,
  operationCase,
  type Tolerance,
} from "./operation_case.ts";
import { type ConvolutionSizes, convolve, outputSize } from "./reference_convolution.ts";
import { normalise } from "./reference_norm.ts";

const EPSILON = 1e-5;
const MOMENTUM = 0.1;

/** A table with its input and masks. */
interface Sizes {
  /** Batch, height, width and channels of x. */
  readonly x: readonly [batch: number, height: number, width: number, channels: number];
  readonly table: readonly ConvolutionRow[];
  /** By masked row: the probability of each channel to be open, or all bits. */
  readonly open: readonly (number | readonly number[])[];
  /** Whether x and the residual are bf16. */
  readonly bf16?: boolean;
}

function row(kernel: number, outChannels: number, stride = 1): ConvolutionRow {
  return { kernel, stride, padding: kernel >> 1, outChannels, masked: true };
}

/** Masks behind all rows but the last. */
function tableOf(...rows: readonly ConvolutionRow[]): ConvolutionRow[] {
  return rows.map((of, index) => ({ ...of, masked: index < rows.length - 1 }));
}

/** The convolutions as the reference takes them. */
function convolutionsOf({ x: [batch, height, width, channels], table }: Sizes): ConvolutionSizes[] {
  let input = { height, width, channels };
  return table.map(({ kernel, stride, padding, outChannels }) => {
    const { height, width, channels: inChannels } = input;
    const convolution = { batch, height, width, inChannels, outChannels, kernel, stride, padding };
    const [rows, columns] = outputSize(convolution);
    input = { height: rows, width: columns, channels: outChannels };
    return convolution;
  });
}

/** The inputs by name: of the n-th convolution `weight1`, ... `mask1`, from 1. */
function inputsOf(sizes: Sizes): Record<string, CaseInput> {
  const image = (input: CaseInput) => (sizes.bf16 ? asBf16(input) : input);
  const inputs: Record<string, CaseInput> = { x: image(normal(sizes.x)) };
  convolutionsOf(sizes).forEach(({ batch, kernel, inChannels, outChannels }, index) => {
    const number = index + 1;
    const terms = kernel * kernel * inChannels;
    inputs[`weight${number}`] = normal([outChannels, kernel, kernel, inChannels], 1 / Math.sqrt(terms));
    inputs[`gamma${number}`] = uniform([outChannels], 0.5, 2);
    inputs[`beta${number}`] = normal([outChannels], 0.5);
    inputs[`mean${number}`] = normal([outChannels], 0.5);
    inputs[`var${number}`] = uniform([outChannels], 0.5, 2);
    const open = sizes.open[index];
    if (open === undefined) return;
    const shape = [batch, outChannels];
    inputs[`mask${number}`] = typeof open === "number" ? bits(shape, open) : given(shape, open);
  });
  return { ...inputs, residual: image(normal(outputShape(sizes))) };
}

function outputShape(sizes: Sizes): number[] {
  const last = convolutionsOf(sizes).at(-1);
  return last ? [last.batch, ...outputSize(last), last.outChannels] : [];
}

/** The input of a name, which every case has. */
function named<T>(inputs: Readonly<Record<string, T>>, name: string): T {
  const input = inputs[name];
  if (input === undefined) throw new ShapeError(`the case has no input ${name}`);
  return input;
}

function run({ table }: Sizes, inputs: Readonly<Record<string, Tensor>>): Tensor {
  using copies = new DisposableStack();
  const operands = table.map((_, index) => {
    const of = (name: string) => named(inputs, `${name}${index + 1}`);
    const norm = { gamma: of("gamma"), beta: of("beta"), runningMean: of("mean"), runningVar: of("var") };
    return {
      weight: of("weight"),
      packed: copies.use(new PackedWeights()),
      norm: { ...norm, epsilon: EPSILON, momentum: MOMENTUM },
      mask: inputs[`mask${index + 1}`],
    };
  });
  const { y, pooled } = gatedConvolutions(named(inputs, "x"), table, operands, named(inputs, "residual"));
  pooled[Symbol.dispose]();
  return y;
}

function reference(sizes: Sizes, values: Readonly<Record<string, Float64Array>>): Float64Array {
  const convolutions = convolutionsOf(sizes);
  return convolutions.reduce((h, convolution, index) => {
    const of = (name: string) => named(values, `${name}${index + 1}`);
    const [height, width] = outputSize(convolution);
    const { batch, outChannels: channels } = convolution;
    const follows = index === convolutions.length - 1
      ? { relu: true, residual: named(values, "residual") }
      : { relu: true, mask: of("mask") };
    return normalise(
      convolve(h, of("weight"), convolution),
      { batch, pixels: height * width, channels },
      { mean: of("mean"), variance: of("var") },
      { gamma: of("gamma"), beta: of("beta"), epsilon: EPSILON },
      follows,
    );
  }, named(values, "x"));
}

const bf16Tolerance: Tolerance = {
  error: 5e-5,
  reason: "operands, hidden maps and outputs are rounded to 8 bits, the operands once more in Winograd's tiles",
};

function single(label: string, sizes: Sizes, fixture = true): OperationCase {
  const { table } = sizes;
  return operationCase({
    operation: "gated_convolutions",
    label,
    attributes: {
      strides: table.map(({ stride }) => stride),
      paddings: table.map(({ padding }) => padding),
      epsilon: EPSILON,
    },
    inputs: inputsOf(sizes),
    run: (_device: Device, _tape, inputs) => run(sizes, inputs),
    reference: (values) => [reference(sizes, values)],
    fixture,
    ...(sizes.bf16 && { needsBf16: true, tolerance: bf16Tolerance }),
  });
}

/** 3x3, mask, 3x3. */
function basic(x: Sizes["x"], channels: number, open: Sizes["open"], stride = 1): Sizes {
  return { x, table: tableOf(row(3, channels, stride), row(3, channels)), open };
}

/** The same with masks that open so many neighbouring channels together. `open`: the bits of its groups, by image. */
function inGroups(of: Sizes, group: number, open: readonly (readonly (0 | 1)[])[]): Sizes {
  const table = of.table.map((convolution) => (convolution.masked ? { ...convolution, group } : convolution));
  return { ...of, table, open: [open.flat().flatMap((bit) => new Array<number>(group).fill(bit))] };
}

/** 1x1, mask, 3x3, mask, 1x1. */
function bottleneck(x: Sizes["x"], channels: number, open: Sizes["open"], stride = 1): Sizes {
  return { x, table: tableOf(row(1, channels), row(3, channels, stride), row(1, 4 * channels)), open };
}

/** A row an image of which none, one and five channels are open; and another such mask. */
const different = [
  [
    ...[0, 0, 0, 0, 0, 0],
    ...[0, 0, 1, 0, 0, 0],
    ...[1, 1, 1, 1, 1, 0],
  ],
  [
    ...[1, 1, 0, 1, 1, 1],
    ...[1, 0, 0, 0, 1, 0],
    ...[0, 0, 0, 0, 0, 1],
  ],
] as const;

const basicCases: readonly OperationCase[] = [
  single("basic block: half of the channels open", basic([3, 5, 4, 4], 6, [0.5])),
  single("basic block: no channel open", basic([3, 5, 4, 4], 6, [0])),
  single("basic block: every channel open", basic([3, 5, 4, 4], 6, [1])),
  single("basic block: a different number of channels in every image", basic([3, 5, 4, 4], 6, [different[0]])),
  single("basic block: stride 2, odd size", basic([2, 7, 5, 3], 5, [0.6], 2)),
  single("basic block: batch 1, one channel, one pixel", basic([1, 1, 1, 1], 1, [1])),
  single("basic block: 20 channels", basic([2, 4, 4, 16], 20, [0.4])),
  // So many tiles and channels that filtering by tiles may replace direct sums, with tiles cut at two borders.
  single("basic block: many tiles, 32 channels", basic([2, 10, 11, 32], 32, [0.4])),
  single("basic block: many tiles, no channel open", basic([2, 10, 11, 32], 32, [0])),
  single("basic block: many tiles, every channel open", basic([2, 10, 11, 32], 32, [1])),
  single("basic block: stride 2, 1x1 image", basic([1, 1, 1, 2], 3, [0.7], 2)),
  // PyTorch knows no groups: the cases above have its results.
  single("basic block: groups of 16", inGroups(basic([2, 5, 6, 8], 32, []), 16, [[1, 0], [1, 1]]), false),
  single("basic block: groups of 16, stride 2", inGroups(basic([2, 7, 5, 8], 32, [], 2), 16, [[0, 1], [0, 0]]), false),
  single(
    "basic block: groups of 16, many tiles",
    inGroups(basic([3, 10, 11, 32], 32, []), 16, [[0, 1], [1, 0], [1, 1]]),
    false,
  ),
  single(
    "basic block: bf16, groups of 16",
    { ...inGroups(basic([3, 10, 11, 32], 32, []), 16, [[0, 1], [1, 0], [1, 1]]), bf16: true },
    false,
  ),
  single(
    "basic block: bf16, groups of 16, stride 2",
    { ...inGroups(basic([3, 7, 5, 32], 32, [], 2), 16, [[0, 1], [0, 0], [1, 1]]), bf16: true },
    false,
  ),
  single("basic block: bf16", { ...basic([3, 10, 11, 32], 32, [0.5]), bf16: true }, false),
  single("basic block: many tiles of three images, a third open", basic([3, 10, 11, 32], 32, [0.3]), false),
  single("basic block: many tiles of three images, most channels open", basic([3, 10, 11, 32], 32, [0.9]), false),
  single("basic block: groups of 3", inGroups(basic([2, 5, 6, 8], 6, []), 3, [[1, 0], [0, 1]]), false),
  single("basic block: masks that open parts of groups", {
    ...inGroups(basic([2, 5, 6, 8], 32, []), 16, []),
    open: [0.4],
  }, false),
];

const bottleneckCases: readonly OperationCase[] = [
  single("bottleneck: half of the channels open", bottleneck([3, 5, 4, 7], 6, [0.5, 0.5])),
  single("bottleneck: no channel open", bottleneck([3, 5, 4, 7], 6, [0, 0])),
  single("bottleneck: no channel of the first convolution open", bottleneck([3, 5, 4, 7], 6, [0, 0.5])),
  single("bottleneck: no channel of the second convolution open", bottleneck([3, 5, 4, 7], 6, [0.5, 0])),
  single("bottleneck: every channel open", bottleneck([3, 5, 4, 7], 6, [1, 1])),
  single("bottleneck: a different number of channels in every image", bottleneck([3, 5, 4, 7], 6, different)),
  single("bottleneck: stride 2, odd size", bottleneck([2, 7, 5, 8], 5, [0.6, 0.6], 2)),
  single("bottleneck: batch 1, one channel, one pixel", bottleneck([1, 1, 1, 1], 1, [1, 1])),
  single("bottleneck: 20 channels, stride 2", bottleneck([2, 4, 4, 16], 20, [0.4, 0.7], 2)),
  // Several tiles of channels and of pixels, and rests of either.
  single("bottleneck: many tiles, 36 channels", bottleneck([2, 6, 7, 48], 36, [0.6, 0.4])),
  single("bottleneck: many tiles, every channel open", bottleneck([2, 6, 7, 48], 36, [1, 1])),
  // So many pixels that filtering by tiles may replace direct sums. PyTorch's results would be too large to store.
  single("bottleneck: many pixels", bottleneck([1, 23, 25, 8], 32, [0.4, 0.6]), false),
  single("bottleneck: many pixels, no channel open", bottleneck([1, 23, 25, 8], 32, [0, 0]), false),
  single("bottleneck: stride 2, 1x1 image", bottleneck([1, 1, 1, 2], 3, [0.7, 0.7], 2)),
];

/** Tables that a library may have no kernels for. */
const otherCases: readonly OperationCase[] = [
  single("3x3, 3x3, 1x1: a third open", {
    x: [3, 5, 6, 4],
    table: tableOf(row(3, 8, 2), row(3, 8), row(1, 12)),
    open: [0.3, 0.4],
  }),
  single("3x3, 3x3, 1x1: no channel open", {
    x: [2, 3, 4, 4],
    table: tableOf(row(3, 8), row(3, 8), row(1, 4)),
    open: [0, 0],
  }),
  single("5x5, 1x1: half of the channels open", {
    x: [2, 5, 5, 3],
    table: tableOf(row(5, 6), row(1, 7, 2)),
    open: [0.5],
  }),
];

/** Cases of `gatedConvolutions`. */
export const gatedConvolutionsCases: readonly OperationCase[] = [
  ...basicCases,
  ...bottleneckCases,
  ...otherCases,
];

/** `open` bits of `count` are 1, other ones for each image. */
function someOf(count: number, open: number, image: number): (0 | 1)[] {
  return Array.from({ length: count }, (_, bit) => (bit * 7 + image * 3) % count < open ? 1 : 0);
}

/** Products are in proportion to the open share of inputs and of outputs. */
function benchmark(label: string, sizes: Sizes): OperationBenchmark {
  const convolutions = convolutionsOf(sizes);
  const shareOf = (index: number) => {
    const open = sizes.open[index] ?? 1;
    return typeof open === "number" ? open : open.reduce((sum, bit) => sum + bit, 0) / open.length;
  };
  let [products, weights] = [0, 0];
  convolutions.forEach((convolution, index) => {
    const [height, width] = outputSize(convolution);
    const { batch, kernel, inChannels, outChannels } = convolution;
    const own = kernel * kernel * inChannels * outChannels;
    weights += own;
    products += batch * height * width * own * shareOf(index) * shareOf(index - 1);
  });
  const floats = [sizes.x, outputShape(sizes), outputShape(sizes)].map((shape) =>
    shape.reduce((n, size) => n * size, 1)
  );
  return operationBenchmark({
    operation: "gated_convolutions",
    label,
    inputs: inputsOf(sizes),
    run: (_device: Device, _tape, inputs) => run(sizes, inputs),
    forward: { flops: 2 * products, bytes: 4 * floats.reduce((sum, count) => sum + count, weights) },
  });
}

const inSixteens = inGroups(
  basic([8, 8, 8, 256], 256, []),
  16,
  Array.from({ length: 8 }, (_, image) => someOf(16, 5, image)),
);

/** Blocks of ResNet-18 on 32 x 32 images and of ResNet-50 on 224 x 224 images; weights are packed in every call. */
export const gatedConvolutionsBenchmarks: readonly OperationBenchmark[] = [
  benchmark("basic block: 64 channels, 32x32, batch 8, 30 % open", basic([8, 32, 32, 64], 64, [0.3])),
  benchmark("basic block: 256 channels, 8x8, batch 8, 30 % open", basic([8, 8, 8, 256], 256, [0.3])),
  benchmark("basic block: 256 channels in groups of 16, 8x8, batch 8, 5 of 16 open", inSixteens),
  benchmark(
    "basic block: bf16, 256 channels in groups of 16, 8x8, batch 8, 5 of 16 open",
    { ...inSixteens, bf16: true },
  ),
  benchmark("bottleneck: 64 channels, 56x56, batch 8, 30 % open", bottleneck([8, 56, 56, 256], 64, [0.3, 0.3])),
  benchmark("bottleneck: 256 channels, 14x14, batch 8, 30 % open", bottleneck([8, 14, 14, 1024], 256, [0.3, 0.3])),
];
