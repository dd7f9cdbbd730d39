/**
 * Compares whole training steps with PyTorch in float64 (tests/peer/step_fixture.py).
 *
 * @module
 */

import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess, fail } from "@std/assert";
import { normalisedError } from "../../src/autograd/mod.ts";
import type { HostTensor } from "../../src/formats/mod.ts";
import { bf16Bits, bf16Value } from "../../src/selftest/case_inputs.ts";
import { deviceHasBf16, openDevice } from "../devices.ts";
import {
  assertClose,
  gradientsOf,
  readStep,
  RELATIVE,
  repeatStep,
  type Tensors,
  under,
  ZERO,
} from "./recorded_step.ts";

/**
 * Twice 4 * 2^-8 = 1.6 %: bf16 rounds by up to 2^-8, and a loss term is of degree four in values that are rounded about
 * once in each layer. The running statistics, which move by 0.1 towards the batch's, must agree as closely.
 */
const BF16_VALUES = 0.03;
/**
 * Limit of a gradient's error, over its error in an f32 step with rounded weights and views. A gradient has no absolute
 * bound, because rounding can move a relu to its other side. A bf16 step also rounds activations and gradients, after
 * each convolution and norm: about four errors of this size, whose root of the sum of squares is 2. The rest is margin.
 */
const BF16_GRADIENTS = 3;
/** Largest change of a gradient's length along the true gradient, as a median: rounding has no preferred direction. */
const BF16_LENGTH = 0.25;

const hasBf16 = deviceHasBf16();

for (const fixture of ["dual", "vanilla", "gated", "symmetric", "bottleneck"] as const) {
  Deno.test(`a whole ${fixture} step equals PyTorch's in float64: terms, gradients, updated weights, statistics`, () => {
    const step = readStep(fixture);
    const { tensors } = step;
    using device = openDevice();

    const lars = repeatStep(device, step, { optimizer: "lars" });
    assertClose(lars.terms, under(tensors, "terms/"), "loss terms");
    assertClose(lars.after, under(tensors, "updated/"), "updated weights and statistics");

    const sgd = repeatStep(device, step, { optimizer: "sgd" });
    assertClose(gradientsOf(sgd), under(tensors, "gradient/"), "gradients");
  });
}

Deno.test("a gate's gradient is inverse to the temperature, which changes by equal factors up to its end", () => {
  using device = openDevice();
  const step = readStep("gated");
  // At a high temperature tau the sigmoid is a line with the slope 1 / (4 tau). boundAlpha 0 keeps the loss equal in
  // all epochs.
  const options = { gateTemperature: 100, gateTemperatureEnd: 400, epochs: 5, boundAlpha: 0 };
  const gradientIn = (epoch: number) => {
    const gradients = gradientsOf(repeatStep(device, step, { optimizer: "sgd", options, epoch }));
    return gradients.get("layer2.0.gate.fc2.weight")?.data ?? fail("the gate has no gradient");
  };
  const first = gradientIn(0);
  for (const [epoch, share] of [[2, 1 / 2], [4, 1 / 4]] as const) {
    const error = normalisedError(gradientIn(epoch), Float64Array.from(first, (value) => share * value));
    assertLess(error, 1e-4, `epoch ${epoch}: off by ${error}`);
  }
});

/** The fixture with views and weights rounded to bf16, except for vectors and for gates, which are always f32. */
function rounded(tensors: Tensors): Tensors {
  const isRounded = (name: string, { shape }: HostTensor) =>
    name.startsWith("input/") || (name.startsWith("initial/") && shape.length > 1 && !/\.gate\d?\./.test(name));
  return new Map([...tensors].map(([name, tensor]) => {
    if (!isRounded(name, tensor)) return [name, tensor];
    const data = Float32Array.from(tensor.data, (value) => bf16Value(bf16Bits(value)));
    return [name, { dtype: "f32", shape: tensor.shape, data }];
  }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** Medians over parameters: distance from the true gradient, and length along it, both over the true length. */
function gradientError(actual: ReadonlyMap<string, HostTensor>, expected: Tensors) {
  const errors: number[] = [];
  const lengths: number[] = [];
  for (const [name, { data }] of expected) {
    const gradient = actual.get(name)?.data ?? [];
    let [square, product] = [0, 0];
    data.forEach((value, i) => {
      square += value ** 2;
      product += value * (gradient[i] ?? NaN);
    });
    if (Math.sqrt(square) < ZERO) continue;
    errors.push(Math.sqrt(normalisedError(gradient, data)));
    lengths.push(product / square);
  }
  return { error: median(errors), length: median(lengths) };
}

// Without the step of bottlenecks, which is three times as deep. The bounds above do not depend on depth.
for (const fixture of ["dual", "vanilla", "gated"] as const) {
  const name = `a ${fixture} step in bf16 is PyTorch's in float64 up to rounding: terms, statistics, gradients`;
  Deno.test({ name, ignore: !hasBf16 }, () => {
    const step = readStep(fixture);
    const { tensors } = step;
    using device = openDevice();
    const narrow = repeatStep(device, step, { optimizer: "sgd", precision: "bf16" });
    assertClose(narrow.terms, under(tensors, "terms/"), "loss terms", BF16_VALUES);
    const statistics = new Map([...under(tensors, "updated/")].filter(([name]) => name.includes(".running_")));
    assertClose(narrow.after, statistics, "statistics", BF16_VALUES);

    const truth = under(tensors, "gradient/");
    const wide = repeatStep(device, { ...step, tensors: rounded(tensors) }, { optimizer: "sgd" });
    const control = gradientError(gradientsOf(wide), truth);
    const { error, length } = gradientError(gradientsOf(narrow), truth);
    assertGreater(error, RELATIVE, `gradients are off by ${error} only, as in f32`);
    const limit = BF16_GRADIENTS * control.error;
    assertLess(error, limit, `gradients are off by ${error}, and by ${control.error} if only operands are rounded`);
    assertAlmostEquals(length, 1, BF16_LENGTH, `gradients have ${length} of the length of the true ones`);
  });
}

Deno.test("a step does not wait for the device until its scalars are read", () => {
  using device = openDevice();
  const calls: string[] = [];
  using _observed = device.observe((name, _parameters, call) => {
    calls.push(name);
    call();
  });
  repeatStep(device, readStep("dual"), { optimizer: "lars" });
  const optimiser = calls.indexOf("sl_lars_step");
  const first = calls.indexOf("sl_conv_forward");
  assert(first >= 0 && optimiser > first);
  const waiting = ["sl_synchronize", "sl_event_synchronize", "sl_download"];
  assertEquals(calls.slice(first, optimiser + 1).filter((name) => waiting.includes(name)), []);
  // Reading waits for a single download, which was started after the optimiser's step.
  const read = calls.indexOf("sl_event_synchronize");
  assertEquals(calls.slice(optimiser, read).filter((name) => waiting.includes(name)), ["sl_download"]);
});
