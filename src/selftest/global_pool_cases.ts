/**
 * Cases of `globalPool`.
 *
 * @module
 */
import { globalPool } from "../ops/mod.ts";
import { asBf16, type CaseInput, normal } from "./case_inputs.ts";
import {
  type OperationBenchmark,
  operationBenchmark,
  type OperationCase,
  operationCase,
  type Tolerance,
} from "./operation_case.ts";

type ImageShape = readonly [batch: number, height: number, width: number, channels: number];

function means(x: Float64Array, [batch, height, width, channels]: ImageShape): Float64Array {
  const y = new Float64Array(batch * channels);
  const pixels = height * width;
  x.forEach((value, index) => {
    const target = Math.floor(index / (pixels * channels)) * channels + index % channels;
    y[target] = (y[target] ?? NaN) + value / pixels;
  });
  return y;
}

function single(label: string, shape: ImageShape, x: CaseInput, tolerance?: Tolerance): OperationCase {
  return operationCase({
    operation: "global_pool",
    label,
    inputs: { x },
    differentiable: ["x"],
    run: (_device, tape, { x }) => globalPool(tape, x),
    reference: ({ x }) => [means(x, shape)],
    ...(tolerance === undefined ? { fixture: true } : { tolerance }),
  });
}

function plain(label: string, shape: ImageShape): OperationCase {
  return single(label, shape, normal(shape));
}

const half: ImageShape = [2, 4, 3, 9];

/** Cases of `globalPool`. */
export const globalPoolCases: readonly OperationCase[] = [
  plain("odd sizes", [3, 5, 3, 7]),
  plain("batch 1, one channel", [1, 4, 4, 1]),
  plain("one pixel", [2, 1, 1, 5]),
  plain("33 channels", [2, 3, 3, 33]),
  single("bf16", half, asBf16(normal(half)), { error: 1e-5, reason: "gradients are rounded to 8 bits" }),
];

/** The pooling before a gate. */
export const globalPoolBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "global_pool",
    label: "32 x 32 x 32 x 64",
    inputs: { x: normal([32, 32, 32, 64]) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => globalPool(tape, x),
    forward: { flops: 0, bytes: 4 * 32 ** 3 * 64 },
    backward: { flops: 0, bytes: 4 * 32 ** 3 * 64 },
  }),
];
