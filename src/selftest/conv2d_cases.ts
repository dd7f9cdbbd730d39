/**
 * Cases of `conv2d`.
 *
 * @module
 */
import { conv2d, PackedWeights } from "../ops/mod.ts";
import { asBf16, normal, representable } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";
import { type ConvolutionSizes, convolve, outputSize } from "./reference_convolution.ts";

type Channels = readonly [inChannels: number, outChannels: number];
type Image = readonly [batch: number, height: number, width: number];
type Geometry = readonly [kernel: number, stride: number, padding: number];

function sizesOf(
  [batch, height, width]: Image,
  [inChannels, outChannels]: Channels,
  [kernel, stride, padding]: Geometry,
): ConvolutionSizes {
  return { batch, height, width, inChannels, outChannels, kernel, stride, padding };
}

/** Inputs whose sums of products are about 1 at all sizes. */
function inputsOf({ batch, height, width, inChannels, outChannels, kernel }: ConvolutionSizes) {
  return {
    x: normal([batch, height, width, inChannels]),
    weight: normal([outChannels, kernel, kernel, inChannels], 1 / Math.sqrt(kernel * kernel * inChannels)),
  };
}

function single(label: string, image: Image, channels: Channels, geometry: Geometry): OperationCase {
  const sizes = sizesOf(image, channels, geometry);
  return operationCase({
    operation: "conv2d",
    label,
    attributes: { stride: sizes.stride, padding: sizes.padding },
    inputs: inputsOf(sizes),
    differentiable: ["x", "weight"],
    run: (_device, tape, { x, weight }) => conv2d(tape, x, weight, sizes),
    reference: ({ x, weight }) => [convolve(x, weight, sizes)],
    fixture: true,
  });
}

function half(label: string, image: Image, channels: Channels, geometry: Geometry): OperationCase {
  const sizes = sizesOf(image, channels, geometry);
  const { x, weight } = inputsOf(sizes);
  return operationCase({
    operation: "conv2d",
    label,
    inputs: { x: asBf16(x), weight: representable(weight) },
    differentiable: ["x", "weight"],
    run: (_device, tape, { x, weight }) => conv2d(tape, x, weight, sizes),
    reference: ({ x, weight }) => [convolve(x, weight, sizes)],
    tolerance: { error: 1e-5, reason: "outputs are rounded to 8 bits: an error of 2^-9 / sqrt(3) at most, squared" },
    needsBf16: true,
  });
}

const shared = sizesOf([2, 5, 4], [3, 5], [3, 1, 1]);

/** Cases of `conv2d`. */
export const conv2dCases: readonly OperationCase[] = [
  single("3x3, stride 1, padding 1", [2, 5, 7], [8, 6], [3, 1, 1]),
  single("3x3, stride 1, padding 2, three channels", [2, 6, 6], [3, 8], [3, 1, 2]),
  single("3x3, stride 2, padding 1", [2, 7, 5], [4, 6], [3, 2, 1]),
  single("3x3, stride 2, padding 1, even size", [1, 6, 8], [5, 4], [3, 2, 1]),
  single("3x3, 16 to 32 channels", [1, 4, 4], [16, 32], [3, 1, 1]),
  single("1x1, stride 2", [2, 6, 5], [4, 8], [1, 2, 0]),
  single("7x7, stride 2, padding 3", [1, 12, 11], [3, 4], [7, 2, 3]),
  single("batch 1, one channel, one pixel", [1, 1, 1], [1, 1], [3, 1, 1]),
  single("an image smaller than the kernel", [3, 2, 1], [2, 3], [3, 1, 1]),
  // Enough channels and pixels for Winograd's algorithm.
  single("3x3, 16 to 16 channels, 24 images of 2x2", [24, 2, 2], [16, 16], [3, 1, 1]),
  half("bf16, 3x3, stride 1, padding 1", [2, 5, 7], [8, 6], [3, 1, 1]),
  half("bf16, 1x1, stride 2", [2, 6, 5], [32, 16], [1, 2, 0]),
  operationCase({
    operation: "conv2d",
    label: "two calls that share packed weights",
    inputs: inputsOf(shared),
    run: (_device, tape, { x, weight }) => {
      using packed = new PackedWeights();
      return [conv2d(tape, x, weight, shared, packed), conv2d(tape, x, weight, shared, packed)];
    },
    reference: ({ x, weight }) => [convolve(x, weight, shared), convolve(x, weight, shared)],
  }),
];

function benchmark(label: string, image: Image, channels: Channels, geometry: Geometry): OperationBenchmark {
  const sizes = sizesOf(image, channels, geometry);
  const [rows, columns] = outputSize(sizes);
  const weights = sizes.kernel ** 2 * sizes.inChannels * sizes.outChannels;
  const inputs = sizes.batch * sizes.height * sizes.width * sizes.inChannels;
  const outputs = sizes.batch * rows * columns * sizes.outChannels;
  const flops = 2 * sizes.batch * rows * columns * weights;
  return operationBenchmark({
    operation: "conv2d",
    label,
    inputs: inputsOf(sizes),
    differentiable: ["x", "weight"],
    run: (_device, tape, { x, weight }) => conv2d(tape, x, weight, sizes),
    forward: { flops, bytes: 4 * (inputs + weights + outputs) },
    backward: { flops: 2 * flops, bytes: 4 * (2 * inputs + 2 * weights + 2 * outputs) },
  });
}

/** Convolutions of ResNet-18 on 32 x 32 images. */
export const conv2dBenchmarks: readonly OperationBenchmark[] = [
  benchmark("stem 3x3, 3 to 64, batch 32", [32, 32, 32], [3, 64], [3, 1, 1]),
  benchmark("3x3, 64 to 64, 32x32, batch 32", [32, 32, 32], [64, 64], [3, 1, 1]),
  benchmark("3x3, 64 to 128, stride 2, batch 32", [32, 32, 32], [64, 128], [3, 2, 1]),
  benchmark("3x3, 256 to 256, 8x8, batch 32", [32, 8, 8], [256, 256], [3, 1, 1]),
  benchmark("3x3, 512 to 512, 4x4, batch 32", [32, 4, 4], [512, 512], [3, 1, 1]),
  benchmark("1x1, 64 to 128, stride 2, batch 32", [32, 32, 32], [64, 128], [1, 2, 0]),
];
