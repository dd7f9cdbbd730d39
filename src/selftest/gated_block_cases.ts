/**
 * Cases of the gated block at inference, against the same block computed in full and masked.
 *
 * @module
 */
import { gatedBlock, PackedWeights } from "../ops/mod.ts";
import { bits, type CaseInput, given, normal, uniform } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";
import { type ConvolutionSizes, convolve, outputSize } from "./reference_convolution.ts";
import { normalise } from "./reference_norm.ts";

const EPSILON = 1e-5;
const MOMENTUM = 0.1;

/** Batch, height, width, input channels, channels, stride. */
interface BlockSizes {
  readonly image: readonly [batch: number, height: number, width: number];
  readonly inChannels: number;
  readonly channels: number;
  readonly stride: number;
}

function convolutions({ image, inChannels, channels, stride }: BlockSizes): [ConvolutionSizes, ConvolutionSizes] {
  const [batch, height, width] = image;
  const first = { batch, height, width, inChannels, outChannels: channels, kernel: 3, stride, padding: 1 };
  const [rows, columns] = outputSize(first);
  return [first, { ...first, height: rows, width: columns, inChannels: channels, stride: 1 }];
}

function inputsOf(sizes: BlockSizes, mask: CaseInput) {
  const { image, inChannels, channels } = sizes;
  const [, { batch, height, width }] = convolutions(sizes);
  return {
    x: normal([...image, inChannels]),
    mask,
    weight1: normal([channels, 3, 3, inChannels], 1 / Math.sqrt(9 * inChannels)),
    gamma1: uniform([channels], 0.5, 2),
    beta1: normal([channels], 0.5),
    mean1: normal([channels], 0.5),
    var1: uniform([channels], 0.5, 2),
    weight2: normal([channels, 3, 3, channels], 1 / Math.sqrt(9 * channels)),
    gamma2: uniform([channels], 0.5, 2),
    beta2: normal([channels], 0.5),
    mean2: normal([channels], 0.5),
    var2: uniform([channels], 0.5, 2),
    residual: normal([batch, height, width, channels]),
  };
}

type Named<T> = Readonly<Record<keyof ReturnType<typeof inputsOf>, T>>;

function reference(values: Named<Float64Array>, sizes: BlockSizes): Float64Array {
  const [first, second] = convolutions(sizes);
  const pixels = second.height * second.width;
  const norm = { batch: second.batch, pixels, channels: sizes.channels };
  const hidden = normalise(
    convolve(values.x, values.weight1, first),
    norm,
    { mean: values.mean1, variance: values.var1 },
    { gamma: values.gamma1, beta: values.beta1, epsilon: EPSILON },
    { relu: true, mask: values.mask },
  );
  return normalise(
    convolve(hidden, values.weight2, second),
    norm,
    { mean: values.mean2, variance: values.var2 },
    { gamma: values.gamma2, beta: values.beta2, epsilon: EPSILON },
    { relu: true, residual: values.residual },
  );
}

function single(label: string, sizes: BlockSizes, mask: CaseInput): OperationCase {
  return operationCase({
    operation: "gated_block",
    label,
    attributes: { stride: sizes.stride, epsilon: EPSILON },
    inputs: inputsOf(sizes, mask),
    run: (_device, _tape, inputs) => {
      using packed1 = new PackedWeights();
      using packed2 = new PackedWeights();
      const norm = { epsilon: EPSILON, momentum: MOMENTUM };
      const { gamma1, beta1, mean1, var1, gamma2, beta2, mean2, var2 } = inputs;
      const norm1 = { ...norm, gamma: gamma1, beta: beta1, runningMean: mean1, runningVar: var1 };
      const norm2 = { ...norm, gamma: gamma2, beta: beta2, runningMean: mean2, runningVar: var2 };
      const weights = { weight1: inputs.weight1, norm1, packed1, weight2: inputs.weight2, norm2, packed2 };
      return gatedBlock(inputs.x, inputs.mask, weights, inputs.residual, sizes.stride);
    },
    reference: (values) => [reference(values, sizes)],
    fixture: true,
  });
}

const small: BlockSizes = { image: [3, 5, 4], inChannels: 4, channels: 6, stride: 1 };
const strided: BlockSizes = { image: [2, 7, 5], inChannels: 3, channels: 5, stride: 2 };
/** So many tiles and channels that filtering by tiles may take the place of direct sums, with tiles cut at two borders. */
const tiled: BlockSizes = { image: [2, 10, 11], inChannels: 32, channels: 32, stride: 1 };
const wide: BlockSizes = { image: [2, 4, 4], inChannels: 16, channels: 20, stride: 1 };

/** Cases of `gatedBlock`. */
export const gatedBlockCases: readonly OperationCase[] = [
  single("half of the channels open", small, bits([3, 6], 0.5)),
  single("no channel open", small, bits([3, 6], 0)),
  single("every channel open", small, bits([3, 6], 1)),
  single(
    "a different number of channels in every image",
    small,
    given([3, 6], [
      ...[0, 0, 0, 0, 0, 0],
      ...[0, 0, 1, 0, 0, 0],
      ...[1, 1, 1, 1, 1, 0],
    ]),
  ),
  single("stride 2, odd size", strided, bits([2, 5], 0.6)),
  single(
    "batch 1, one channel, one pixel",
    { image: [1, 1, 1], inChannels: 1, channels: 1, stride: 1 },
    bits([1, 1], 1),
  ),
  single("20 channels", wide, bits([2, 20], 0.4)),
  single("many tiles, 32 channels", tiled, bits([2, 32], 0.4)),
  single("many tiles, no channel open", tiled, bits([2, 32], 0)),
  single("many tiles, every channel open", tiled, bits([2, 32], 1)),
  single("stride 2, 1x1 image", { image: [1, 1, 1], inChannels: 2, channels: 3, stride: 2 }, bits([1, 3], 0.7)),
];

function benchmark(label: string, sizes: BlockSizes, open: number): OperationBenchmark {
  const [first, second] = convolutions(sizes);
  const [batch] = sizes.image;
  const inputs = inputsOf(sizes, bits([batch, sizes.channels], open));
  const pixels = batch * second.height * second.width;
  const weights = 9 * sizes.channels * (first.inChannels + sizes.channels);
  const bytes = 4 * (batch * first.height * first.width * first.inChannels + 2 * pixels * sizes.channels + weights);
  return operationBenchmark({
    operation: "gated_block",
    label,
    inputs,
    run: single(label, sizes, inputs.mask).run,
    forward: { flops: 2 * open * pixels * weights, bytes },
  });
}

/** Blocks of ResNet-18 on one 32 x 32 image and on a batch; weights are packed in every call. */
export const gatedBlockBenchmarks: readonly OperationBenchmark[] = [
  benchmark("64 channels, 32x32, batch 8, 30 % open", {
    image: [8, 32, 32],
    inChannels: 64,
    channels: 64,
    stride: 1,
  }, 0.3),
  benchmark(
    "256 channels, 8x8, batch 8, 30 % open",
    { image: [8, 8, 8], inChannels: 256, channels: 256, stride: 1 },
    0.3,
  ),
];
