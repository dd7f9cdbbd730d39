/**
 * Cases of `gateDecide`, against the gate's layers one by one.
 *
 * @module
 */
import { gateDecide } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import { normal, uniform } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";
import { multiply, transpose } from "./reference_matrices.ts";
import { normalise } from "./reference_norm.ts";

const EPSILON = 1e-5;
const MOMENTUM = 0.1;

type Sizes = readonly [batch: number, inChannels: number, hidden: number, channels: number];

function inputsOf([batch, inChannels, hidden, channels]: Sizes) {
  return {
    pooled: uniform([batch, inChannels], 0, 2),
    weight1: normal([hidden, inChannels], 1 / Math.sqrt(inChannels)),
    mean: normal([hidden], 0.5),
    var: uniform([hidden], 0.5, 2),
    gamma: uniform([hidden], 0.5, 2),
    beta: normal([hidden], 0.5),
    weight2: normal([channels, hidden], 1 / Math.sqrt(hidden)),
  };
}

type Named<T> = Readonly<Record<keyof ReturnType<typeof inputsOf>, T>>;

function logits(values: Named<Float64Array>, [batch, inChannels, hidden, channels]: Sizes): Float64Array {
  const units = normalise(
    multiply(values.pooled, transpose(values.weight1, hidden, inChannels), batch, inChannels, hidden),
    { batch, pixels: 1, channels: hidden },
    { mean: values.mean, variance: values.var },
    { gamma: values.gamma, beta: values.beta, epsilon: EPSILON },
    { relu: true },
  );
  return multiply(units, transpose(values.weight2, channels, hidden), batch, hidden, channels);
}

function decide(inputs: Named<Tensor>, bias: Tensor | null): Tensor {
  const { pooled, weight1, mean, var: runningVar, gamma, beta, weight2 } = inputs;
  const norm = { gamma, beta, runningMean: mean, runningVar, epsilon: EPSILON, momentum: MOMENTUM };
  return gateDecide(pooled, { weight1, norm, weight2, bias });
}

function withoutBias(label: string, sizes: Sizes): OperationCase {
  return operationCase({
    operation: "gate_decide",
    label,
    attributes: { epsilon: EPSILON },
    inputs: inputsOf(sizes),
    run: (_device, _tape, inputs) => decide(inputs, null),
    reference: (values) => [logits(values, sizes).map((logit) => Number(logit >= 0))],
    fixture: true,
  });
}

/** @param centre mean of the biases: far above 0 all channels are open, far below 0 all are closed. */
function withBias(label: string, sizes: Sizes, centre: number): OperationCase {
  const channels = sizes[3];
  return operationCase({
    operation: "gate_decide",
    label,
    attributes: { epsilon: EPSILON },
    inputs: { ...inputsOf(sizes), bias: uniform([channels], centre - 1, centre + 1) },
    run: (_device, _tape, inputs) => decide(inputs, inputs.bias),
    reference: (values) => {
      return [logits(values, sizes).map((logit, i) => Number(logit + (values.bias[i % channels] ?? NaN) >= 0))];
    },
    fixture: true,
  });
}

/** Cases of `gateDecide`. */
export const gateDecideCases: readonly OperationCase[] = [
  withoutBias("odd sizes", [3, 13, 5, 7]),
  withoutBias("batch 1, one channel", [1, 1, 1, 1]),
  withoutBias("batch 1, widths of ResNet-18", [1, 64, 16, 128]),
  withBias("biases", [5, 18, 4, 10], 0),
  withBias("every channel open", [2, 8, 2, 6], 50),
  withBias("every channel closed", [2, 8, 2, 6], -50),
];

function benchmark(sizes: Sizes): OperationBenchmark {
  const [batch, inChannels, hidden, channels] = sizes;
  const weights = hidden * (inChannels + channels);
  return operationBenchmark({
    operation: "gate_decide",
    label: `[${batch}, ${inChannels}] to ${channels}`,
    inputs: inputsOf(sizes),
    run: withoutBias("", sizes).run,
    forward: { flops: 2 * batch * weights, bytes: 4 * (batch * (inChannels + channels) + weights + 4 * hidden) },
  });
}

/** The gate of the widest block of a ResNet-18, for one image and for a batch. */
export const gateDecideBenchmarks: readonly OperationBenchmark[] = [
  benchmark([1, 512, 128, 512]),
  benchmark([64, 512, 128, 512]),
];
