/**
 * Cases of `maxPool`. Inputs are distinct, so that the step of the differences never changes the maximum.
 *
 * @module
 */
import { maxPool } from "../ops/mod.ts";
import { distinct, given } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";

type ImageShape = readonly [batch: number, height: number, width: number, channels: number];
interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

function outputLength(size: number, { kernel, stride, padding }: Window): number {
  return Math.floor((size + 2 * padding - kernel) / stride) + 1;
}

function maxima(x: Float64Array, [batch, height, width, channels]: ImageShape, window: Window): Float64Array {
  const { kernel, stride, padding } = window;
  const largest = (image: number, row: number, column: number, channel: number) => {
    let found = -Infinity;
    for (let y = row * stride - padding; y < row * stride - padding + kernel; y++) {
      for (let xx = column * stride - padding; xx < column * stride - padding + kernel; xx++) {
        if (y < 0 || y >= height || xx < 0 || xx >= width) continue;
        found = Math.max(found, x[((image * height + y) * width + xx) * channels + channel] ?? NaN);
      }
    }
    return found;
  };
  const result: number[] = [];
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row < outputLength(height, window); row++) {
      for (let column = 0; column < outputLength(width, window); column++) {
        for (let channel = 0; channel < channels; channel++) result.push(largest(image, row, column, channel));
      }
    }
  }
  return Float64Array.from(result);
}

function single(label: string, shape: ImageShape, window: Window): OperationCase {
  return operationCase({
    operation: "max_pool",
    label,
    attributes: { ...window },
    inputs: { x: distinct(shape) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => maxPool(tape, x, window),
    reference: ({ x }) => [maxima(x, shape, window)],
    fixture: true,
  });
}

const stem: Window = { kernel: 3, stride: 2, padding: 1 };

/** Cases of `maxPool`. */
export const maxPoolCases: readonly OperationCase[] = [
  single("3x3, stride 2, padding 1", [2, 8, 6, 5], stem),
  single("3x3, stride 2, padding 1, odd size", [1, 7, 9, 3], stem),
  single("2x2, stride 2", [2, 4, 6, 9], { kernel: 2, stride: 2, padding: 0 }),
  single("3x3, stride 1, padding 2", [1, 3, 3, 2], { kernel: 3, stride: 1, padding: 2 }),
  single("batch 1, one channel, one pixel", [1, 1, 1, 1], stem),
  operationCase({
    operation: "max_pool",
    label: "equal values: the first takes the gradient",
    inputs: { x: given([1, 2, 2, 1], [1, 1, 1, 1]) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => maxPool(tape, x, { kernel: 2, stride: 2, padding: 0 }),
    reference: ({ x }) => [Float64Array.of(Math.max(...x))],
    smooth: ({ x }) => [x.subarray(0, 1)],
  }),
];

/** The stem's pooling for images of 96 x 96. */
export const maxPoolBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "max_pool",
    label: "3x3, stride 2, 16 x 48 x 48 x 64",
    inputs: { x: distinct([16, 48, 48, 64]) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => maxPool(tape, x, stem),
    forward: { flops: 0, bytes: 5 * 16 * 48 * 48 * 64 },
    backward: { flops: 0, bytes: 5 * 16 * 48 * 48 * 64 },
  }),
];
