/**
 * Cases of the gated bottleneck at inference, against the same bottleneck computed in full and masked.
 *
 * @module
 */
import { gatedBottleneck, PackedWeights } from "../ops/mod.ts";
import { bits, type CaseInput, given, normal, uniform } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";
import { type ConvolutionSizes, convolve, outputSize } from "./reference_convolution.ts";
import { normalise } from "./reference_norm.ts";

const EPSILON = 1e-5;
const MOMENTUM = 0.1;

/** Batch, height, width, input channels, channels, stride. */
interface BottleneckSizes {
  readonly image: readonly [batch: number, height: number, width: number];
  readonly inChannels: number;
  readonly channels: number;
  readonly stride: number;
}

type Masks = readonly [CaseInput, CaseInput];

function convolutions(
  { image, inChannels, channels, stride }: BottleneckSizes,
): [ConvolutionSizes, ConvolutionSizes, ConvolutionSizes] {
  const [batch, height, width] = image;
  const point = { batch, height, width, kernel: 1, stride: 1, padding: 0 };
  const first = { ...point, inChannels, outChannels: channels };
  const second = { ...first, inChannels: channels, kernel: 3, stride, padding: 1 };
  const [rows, columns] = outputSize(second);
  const third = { ...point, height: rows, width: columns, inChannels: channels, outChannels: 4 * channels };
  return [first, second, third];
}

function inputsOf(sizes: BottleneckSizes, [mask1, mask2]: Masks) {
  const { image, inChannels, channels } = sizes;
  const [, , { batch, height, width, outChannels }] = convolutions(sizes);
  return {
    x: normal([...image, inChannels]),
    mask1,
    mask2,
    weight1: normal([channels, 1, 1, inChannels], 1 / Math.sqrt(inChannels)),
    gamma1: uniform([channels], 0.5, 2),
    beta1: normal([channels], 0.5),
    mean1: normal([channels], 0.5),
    var1: uniform([channels], 0.5, 2),
    weight2: normal([channels, 3, 3, channels], 1 / Math.sqrt(9 * channels)),
    gamma2: uniform([channels], 0.5, 2),
    beta2: normal([channels], 0.5),
    mean2: normal([channels], 0.5),
    var2: uniform([channels], 0.5, 2),
    weight3: normal([outChannels, 1, 1, channels], 1 / Math.sqrt(channels)),
    gamma3: uniform([outChannels], 0.5, 2),
    beta3: normal([outChannels], 0.5),
    mean3: normal([outChannels], 0.5),
    var3: uniform([outChannels], 0.5, 2),
    residual: normal([batch, height, width, outChannels]),
  };
}

type Named<T> = Readonly<Record<keyof ReturnType<typeof inputsOf>, T>>;

function reference(values: Named<Float64Array>, sizes: BottleneckSizes): Float64Array {
  const [first, second, third] = convolutions(sizes);
  const normOf = ({ batch, outChannels }: ConvolutionSizes, pixels: number) => ({
    batch,
    pixels,
    channels: outChannels,
  });
  const outPixels = third.height * third.width;
  const hidden1 = normalise(
    convolve(values.x, values.weight1, first),
    normOf(first, first.height * first.width),
    { mean: values.mean1, variance: values.var1 },
    { gamma: values.gamma1, beta: values.beta1, epsilon: EPSILON },
    { relu: true, mask: values.mask1 },
  );
  const hidden2 = normalise(
    convolve(hidden1, values.weight2, second),
    normOf(second, outPixels),
    { mean: values.mean2, variance: values.var2 },
    { gamma: values.gamma2, beta: values.beta2, epsilon: EPSILON },
    { relu: true, mask: values.mask2 },
  );
  return normalise(
    convolve(hidden2, values.weight3, third),
    normOf(third, outPixels),
    { mean: values.mean3, variance: values.var3 },
    { gamma: values.gamma3, beta: values.beta3, epsilon: EPSILON },
    { relu: true, residual: values.residual },
  );
}

function single(label: string, sizes: BottleneckSizes, masks: Masks): OperationCase {
  return operationCase({
    operation: "gated_bottleneck",
    label,
    attributes: { stride: sizes.stride, epsilon: EPSILON },
    inputs: inputsOf(sizes, masks),
    run: (_device, _tape, inputs) => {
      using packed1 = new PackedWeights();
      using packed2 = new PackedWeights();
      using packed3 = new PackedWeights();
      const norm = { epsilon: EPSILON, momentum: MOMENTUM };
      const { gamma1, beta1, mean1, var1, gamma2, beta2, mean2, var2, gamma3, beta3, mean3, var3 } = inputs;
      const norm1 = { ...norm, gamma: gamma1, beta: beta1, runningMean: mean1, runningVar: var1 };
      const norm2 = { ...norm, gamma: gamma2, beta: beta2, runningMean: mean2, runningVar: var2 };
      const norm3 = { ...norm, gamma: gamma3, beta: beta3, runningMean: mean3, runningVar: var3 };
      const { weight1, weight2, weight3 } = inputs;
      const weights = { weight1, norm1, packed1, weight2, norm2, packed2, weight3, norm3, packed3 };
      return gatedBottleneck(inputs.x, [inputs.mask1, inputs.mask2], weights, inputs.residual, sizes.stride);
    },
    reference: (values) => [reference(values, sizes)],
    fixture: true,
  });
}

/** Both masks, each channel open with a probability of its own. */
function share({ image, channels }: BottleneckSizes, first: number, second: number): Masks {
  return [bits([image[0], channels], first), bits([image[0], channels], second)];
}

const small: BottleneckSizes = { image: [3, 5, 4], inChannels: 7, channels: 6, stride: 1 };
const strided: BottleneckSizes = { image: [2, 7, 5], inChannels: 8, channels: 5, stride: 2 };
/** So many pixels that filtering by tiles may take the place of direct sums in the second convolution. */
const large: BottleneckSizes = { image: [1, 23, 25], inChannels: 8, channels: 32, stride: 1 };
/** Several tiles of channels and of pixels, and rests of either. */
const tiled: BottleneckSizes = { image: [2, 6, 7], inChannels: 48, channels: 36, stride: 1 };
const wide: BottleneckSizes = { image: [2, 4, 4], inChannels: 16, channels: 20, stride: 2 };

/** Cases of `gatedBottleneck`. */
export const gatedBottleneckCases: readonly OperationCase[] = [
  single("half of the channels open", small, share(small, 0.5, 0.5)),
  single("no channel open", small, share(small, 0, 0)),
  single("no channel of the first convolution open", small, share(small, 0, 0.5)),
  single("no channel of the second convolution open", small, share(small, 0.5, 0)),
  single("every channel open", small, share(small, 1, 1)),
  single("a different number of channels in every image", small, [
    given([3, 6], [
      ...[0, 0, 0, 0, 0, 0],
      ...[0, 0, 1, 0, 0, 0],
      ...[1, 1, 1, 1, 1, 0],
    ]),
    given([3, 6], [
      ...[1, 1, 0, 1, 1, 1],
      ...[1, 0, 0, 0, 1, 0],
      ...[0, 0, 0, 0, 0, 1],
    ]),
  ]),
  single("stride 2, odd size", strided, share(strided, 0.6, 0.6)),
  single(
    "batch 1, one channel, one pixel",
    { image: [1, 1, 1], inChannels: 1, channels: 1, stride: 1 },
    [bits([1, 1], 1), bits([1, 1], 1)],
  ),
  single("20 channels, stride 2", wide, share(wide, 0.4, 0.7)),
  single("many tiles, 36 channels", tiled, share(tiled, 0.6, 0.4)),
  single("many tiles, every channel open", tiled, share(tiled, 1, 1)),
  // Too large to store what PyTorch gives.
  { ...single("many pixels", large, share(large, 0.4, 0.6)), fixture: false },
  { ...single("many pixels, no channel open", large, share(large, 0, 0)), fixture: false },
  single(
    "stride 2, 1x1 image",
    { image: [1, 1, 1], inChannels: 2, channels: 3, stride: 2 },
    [bits([1, 3], 0.7), bits([1, 3], 0.7)],
  ),
];

function benchmark(label: string, sizes: BottleneckSizes, open: number): OperationBenchmark {
  const [first, , third] = convolutions(sizes);
  const { inChannels, channels } = sizes;
  const { batch, outChannels } = third;
  const masks = share(sizes, open, open);
  const inputs = inputsOf(sizes, masks);
  const inPixels = batch * first.height * first.width;
  const outPixels = batch * third.height * third.width;
  const weights = [inChannels * channels, 9 * channels * channels, channels * outChannels] as const;
  const products = open * (weights[0] * inPixels + open * weights[1] * outPixels + weights[2] * outPixels);
  const floats = inPixels * inChannels + 2 * outPixels * outChannels + weights[0] + weights[1] + weights[2];
  return operationBenchmark({
    operation: "gated_bottleneck",
    label,
    inputs,
    run: single(label, sizes, masks).run,
    forward: { flops: 2 * products, bytes: 4 * floats },
  });
}

/** Bottlenecks of ResNet-50 on 224 x 224 images; weights are packed in every call. */
export const gatedBottleneckBenchmarks: readonly OperationBenchmark[] = [
  benchmark("64 channels, 56x56, batch 8, 30 % open", {
    image: [8, 56, 56],
    inChannels: 256,
    channels: 64,
    stride: 1,
  }, 0.3),
  benchmark("256 channels, 14x14, batch 8, 30 % open", {
    image: [8, 14, 14],
    inChannels: 1024,
    channels: 256,
    stride: 1,
  }, 0.3),
];
