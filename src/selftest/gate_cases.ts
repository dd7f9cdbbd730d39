/**
 * Cases of `gateSample` and `gateThreshold`. The gradient of the sample is the gradient of the soft gate.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { gateSample, gateThreshold } from "../ops/mod.ts";
import { Tensor } from "../tensor/mod.ts";
import { type CaseInput, given, normal, uniform } from "./case_inputs.ts";
import {
  type OperationBenchmark,
  operationBenchmark,
  type OperationCase,
  operationCase,
  type Tolerance,
} from "./operation_case.ts";

const TAU = 2 / 3;

/** Factor of the logits, and temperature. */
interface Setting {
  readonly factor: number;
  readonly tau: number;
}

function upload(device: Device, { factor, tau }: Setting): Tensor {
  return Tensor.from(device, Float32Array.of(factor, tau), [2]);
}

function soft(logits: Float64Array, noise: Float64Array, { factor, tau }: Setting): Float64Array {
  return logits.map((logit, index) => {
    const u = noise[index] ?? NaN;
    const gumbel = Math.log(u + 1e-8) - Math.log(1 - u + 1e-8);
    return 1 / (1 + Math.exp(-(factor * logit + gumbel) / tau));
  });
}

function sample(
  label: string,
  logits: CaseInput,
  noise: CaseInput,
  { factor = 1, tau = TAU, tolerance }: Partial<Setting> & { readonly tolerance?: Tolerance } = {},
): OperationCase {
  const setting = { factor, tau };
  return operationCase({
    operation: "gate",
    label,
    attributes: { ...setting, threshold: false },
    inputs: { logits, noise },
    differentiable: ["logits"],
    run: (device, tape, { logits, noise }) => gateSample(tape, logits, noise, upload(device, setting)),
    reference: ({ logits, noise }) => [soft(logits, noise, setting).map((value) => Number(value >= 0.5))],
    smooth: ({ logits, noise }) => [soft(logits, noise, setting)],
    fixture: true,
    ...(tolerance && { tolerance }),
  });
}

function threshold(label: string, logits: CaseInput): OperationCase {
  return operationCase({
    operation: "gate",
    label,
    attributes: { threshold: true },
    inputs: { logits },
    run: (_device, _tape, { logits }) => gateThreshold(logits),
    reference: ({ logits }) => [logits.map((logit) => Number(logit >= 0))],
    fixture: true,
  });
}

/** The smallest number that the generator draws, and the largest below 1; one draw in 2^24 is 1. */
const outermost = given([1, 4], [2 ** -25, 1 - 2 ** -24, 2 ** -25, 1 - 2 ** -24]);

const nearOne: Tolerance = { error: 1e-10, reason: "1 - s loses five bits in f32 if s is near 1" };

/** Cases of `gateSample` and `gateThreshold`. */
export const gateCases: readonly OperationCase[] = [
  sample("sample", normal([5, 9]), uniform([5, 9], 0.001, 0.999)),
  sample("sample, one channel of one image", normal([1, 1]), uniform([1, 1], 0.001, 0.999)),
  sample("sample, temperature 1", normal([3, 16]), uniform([3, 16], 0.001, 0.999), { tau: 1 }),
  sample("sample, logits doubled", normal([3, 16]), uniform([3, 16], 0.001, 0.999), { factor: 2 }),
  sample("sample, noise at its ends", given([1, 4], [-1, 1, 20, -20]), outermost),
  sample("sample, every gate open", given([1, 3], [3, 2.5, 2]), uniform([1, 3], 0.4, 0.6), { tolerance: nearOne }),
  sample("sample, every gate closed", given([1, 3], [-3, -2.5, -2]), uniform([1, 3], 0.4, 0.6)),
  threshold("threshold", normal([5, 9])),
  threshold("threshold at 0", given([1, 4], [0, -0, 1e-30, -1e-30])),
];

/** The gates of a batch of 256 images at the widest block. */
export const gateBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "gate",
    label: "sample [256, 512]",
    inputs: { logits: normal([256, 512]), noise: uniform([256, 512], 0.001, 0.999) },
    differentiable: ["logits"],
    run: (device, tape, { logits, noise }) => gateSample(tape, logits, noise, upload(device, { factor: 1, tau: TAU })),
    forward: { flops: 0, bytes: 16 * 256 * 512 },
    backward: { flops: 0, bytes: 12 * 256 * 512 },
  }),
];
