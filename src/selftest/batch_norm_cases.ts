/**
 * Cases of `batchNorm`. Values before a relu keep away from its kink at 0 by more than the step of the differences.
 *
 * @module
 */
import { batchNorm } from "../ops/mod.ts";
import { asBf16, bits, type CaseInput, normal, uniform } from "./case_inputs.ts";
import {
  type OperationBenchmark,
  operationBenchmark,
  type OperationCase,
  operationCase,
  type Tolerance,
} from "./operation_case.ts";
import { channelStatistics, normalise, type NormSizes } from "./reference_norm.ts";

const EPSILON = 1e-5;
const MOMENTUM = 0.1;

/** The options in which cases differ. */
interface Variant {
  readonly shape: readonly number[];
  readonly training?: boolean;
  readonly relu?: boolean;
  readonly residual?: boolean;
  readonly mask?: boolean;
  /** Share of ones in the mask, a half by default. */
  readonly open?: number;
  readonly bf16?: boolean;
  /** Equal parts of the batch, each with its own statistics; 1 by default. */
  readonly groups?: number;
}

function sizesOf(shape: readonly number[]): NormSizes {
  const batch = shape[0] ?? 0;
  const channels = shape.at(-1) ?? 0;
  const elements = shape.reduce((product, size) => product * size, 1);
  return { batch, channels, pixels: elements / (batch * channels) };
}

function inputsOf({ shape, open = 0.5, bf16 = false }: Variant) {
  const { batch, channels } = sizesOf(shape);
  const image = (input: CaseInput) => (bf16 ? asBf16(input) : input);
  return {
    x: image(uniform(shape, -1, 4)),
    gamma: uniform([channels], 0.5, 2),
    beta: normal([channels], 0.5),
    runningMean: normal([channels]),
    runningVar: uniform([channels], 0.5, 2),
    residual: image(normal(shape)),
    mask: bits([batch, channels], open),
  };
}

type Leaf = "x" | "gamma" | "beta" | "residual" | "mask";

function given(present: boolean, leaf: Leaf): Leaf[] {
  return present ? [leaf] : [];
}

function single(label: string, variant: Variant, tolerance?: Tolerance): OperationCase {
  const { shape, training = true, relu = false, residual = false, mask = false, groups = 1 } = variant;
  const whole = sizesOf(shape);
  const sizes = { ...whole, batch: whole.batch / groups };
  const rows = sizes.batch * sizes.pixels;
  const leaves: readonly Leaf[] = ["x", "gamma", "beta", ...given(residual, "residual"), ...given(mask, "mask")];
  return operationCase({
    operation: "batch_norm",
    label,
    attributes: { training, relu, residual, mask, epsilon: EPSILON, momentum: MOMENTUM },
    inputs: inputsOf(variant),
    differentiable: training ? leaves : [],
    run: (_device, tape, inputs) => {
      const y = batchNorm(tape, inputs.x, { ...inputs, epsilon: EPSILON, momentum: MOMENTUM }, {
        training,
        relu,
        residual: residual ? inputs.residual : undefined,
        mask: mask ? inputs.mask : undefined,
        groups,
      });
      return [y, inputs.runningMean, inputs.runningVar];
    },
    reference: (values) => {
      const follow = (old: Float64Array, seen: Float64Array, factor: number) =>
        old.map((value, i) => (1 - MOMENTUM) * value + MOMENTUM * factor * (seen[i] ?? NaN));
      let running = { mean: values.runningMean, variance: values.runningVar };
      const y = new Float64Array(values.x.length);
      for (let group = 0; group < groups; group++) {
        const part = (all: Float64Array) =>
          all.subarray(group * all.length / groups, (group + 1) * all.length / groups);
        const x = part(values.x);
        const tail = {
          relu,
          residual: residual ? part(values.residual) : undefined,
          mask: mask ? part(values.mask) : undefined,
        };
        const batch = channelStatistics(x, sizes);
        part(y).set(normalise(x, sizes, training ? batch : running, { ...values, epsilon: EPSILON }, tail));
        if (!training) continue;
        running = {
          mean: follow(running.mean, batch.mean, 1),
          variance: follow(running.variance, batch.variance, rows / (rows - 1)),
        };
      }
      return [y, running.mean, running.variance];
    },
    // PyTorch's norm has no groups.
    ...(tolerance === undefined ? { fixture: groups === 1 } : { tolerance }),
  });
}

const half: Tolerance = { error: 2e-5, reason: "outputs and gradients of images are rounded to 8 bits" };

/** Cases of `batchNorm`. */
export const batchNormCases: readonly OperationCase[] = [
  single("plain", { shape: [3, 4, 3, 5] }),
  single("relu", { shape: [3, 4, 3, 5], relu: true }),
  single("mask", { shape: [3, 4, 3, 5], mask: true }),
  single("relu and mask", { shape: [3, 4, 3, 5], relu: true, mask: true }),
  single("relu and empty mask", { shape: [2, 3, 3, 4], relu: true, mask: true, open: 0 }),
  single("relu and full mask", { shape: [2, 3, 3, 4], relu: true, mask: true, open: 1 }),
  single("residual", { shape: [3, 4, 3, 5], residual: true }),
  single("residual and relu", { shape: [3, 4, 3, 5], residual: true, relu: true }),
  single("batch 1, one channel", { shape: [1, 3, 3, 1], relu: true }),
  single("rows without pixels", { shape: [9, 6] }),
  single("rows without pixels, relu", { shape: [9, 6], relu: true }),
  single("33 channels, relu and mask", { shape: [2, 3, 2, 33], relu: true, mask: true }),
  single("64 channels, residual and relu", { shape: [2, 2, 2, 64], residual: true, relu: true }),
  single("two groups of rows, relu", { shape: [10, 6], groups: 2, relu: true }),
  single("two groups, relu and mask", { shape: [4, 3, 2, 5], groups: 2, relu: true, mask: true }),
  single("three groups, residual and relu", { shape: [6, 2, 3, 5], groups: 3, residual: true, relu: true }),
  single("three groups, 16 channels, residual and relu", {
    shape: [6, 2, 3, 16],
    groups: 3,
    residual: true,
    relu: true,
  }),
  single("a group for each image", { shape: [3, 3, 3, 4], groups: 3 }),
  single("running statistics", { shape: [3, 4, 3, 5], training: false }),
  single("running statistics, two groups", { shape: [4, 2, 3, 5], groups: 2, training: false }),
  single("running statistics, relu and mask", { shape: [3, 4, 3, 5], training: false, relu: true, mask: true }),
  single("running statistics, residual and relu", { shape: [3, 4, 3, 5], training: false, residual: true, relu: true }),
  single("bf16, relu and mask", { shape: [3, 4, 3, 5], bf16: true, relu: true, mask: true }, half),
  single("bf16, residual and relu", { shape: [3, 4, 3, 5], bf16: true, residual: true, relu: true }, half),
  single(
    "bf16, three groups, 16 channels, residual and relu",
    { shape: [6, 1, 3, 16], bf16: true, groups: 3, residual: true, relu: true },
    half,
  ),
  single(
    "bf16, two groups, relu and mask",
    { shape: [4, 3, 2, 5], bf16: true, groups: 2, relu: true, mask: true },
    half,
  ),
  single("bf16, two groups of rows, relu", { shape: [8, 6], bf16: true, groups: 2, relu: true }, half),
];

function benchmark(label: string, variant: Variant, passes: number, backwardPasses: number): OperationBenchmark {
  const count = variant.shape.reduce((product, size) => product * size, 1);
  return operationBenchmark({
    operation: "batch_norm",
    label,
    inputs: inputsOf(variant),
    differentiable: ["x", "gamma", "beta", "residual", "mask"],
    run: (_device, tape, inputs) =>
      batchNorm(tape, inputs.x, { ...inputs, epsilon: EPSILON, momentum: MOMENTUM }, {
        training: true,
        relu: true,
        residual: variant.residual ? inputs.residual : undefined,
        mask: variant.mask ? inputs.mask : undefined,
      }),
    forward: { flops: 0, bytes: 4 * count * passes },
    backward: { flops: 0, bytes: 4 * count * backwardPasses },
  });
}

/** The norms of a residual block. The bytes count the reads and writes of statistics and of apply. */
export const batchNormBenchmarks: readonly OperationBenchmark[] = [
  benchmark("relu and mask, 32 x 32 x 32 x 64", { shape: [32, 32, 32, 64], relu: true, mask: true }, 3, 5),
  benchmark("residual and relu, 32 x 32 x 32 x 64", { shape: [32, 32, 32, 64], residual: true, relu: true }, 4, 8),
];
