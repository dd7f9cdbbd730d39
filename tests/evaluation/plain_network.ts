/**
 * A small network and its images for tests of masks, and the network's first block in plain float64 loops.
 *
 * @module
 */
import { type EvaluationImages, ImageStores, shapes } from "../../src/data/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import type { NormImages } from "../../src/evaluation/mod.ts";
import { DualNetwork, type DualNetworkOptions, type GatedResNet, type NetworkSpec } from "../../src/models/mod.ts";
import { conv2d, maxPool } from "../../src/ops/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

/** The smallest network, with maps of 8 x 8 pixels in the first block. */
export const smallest: NetworkSpec = { arch: "resnet18", width: 4, stem: "imagenet", image: 32 };

/** Calls a test with an untrained network and the training images of a drawn data set. */
export function withImages(
  count: number,
  test: (encoder: GatedResNet, images: EvaluationImages, device: Device) => void,
  options: Partial<DualNetworkOptions> = {},
): void {
  const dataset = shapes.open({ seed: 0, trainImages: count, testImages: 10 });
  using device = openDevice();
  using network = new DualNetwork(device, {
    spec: smallest,
    projector: 8,
    seed: 1,
    gated: true,
    separateNorm: true,
    ...options,
  });
  using stores = new ImageStores(device, dataset, { onDevice: true });
  test(network.encoderOf("gated"), stores.evaluation(dataset.labelled.train), device);
}

/** Images to recalibrate norms on as evaluation shows them, so that the first block's input is known. */
export function plainNormImages(images: EvaluationImages): NormImages {
  return {
    count: images.set.count,
    visit: (sample, visit) => {
      for (const batch of sample) {
        using _scope = new Scope();
        visit(images.gathered(batch));
      }
    },
  };
}

/** Values of a tensor of a network's state. */
export function stateOf(encoder: GatedResNet, name: string): Float32Array {
  return encoder.state().get(name)?.toFloat32() ?? new Float32Array();
}

/** Mean and unbiased variance of each of the last axis' channels. */
export function statisticsOf(values: ArrayLike<number>, channels: number): { mean: number[]; variance: number[] } {
  const rows = values.length / channels;
  const over = (term: (value: number, channel: number) => number, divisor: number) =>
    Array.from({ length: channels }, (_, channel) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += term(values[row * channels + channel] ?? 0, channel);
      return sum / divisor;
    });
  const mean = over((value) => value, rows);
  return { mean, variance: over((value, channel) => (value - (mean[channel] ?? 0)) ** 2, Math.max(1, rows - 1)) };
}

/** relu of a norm with gamma 1 and beta 0; `variance` is the unbiased one of `rows` rows. */
export function normalisedRelu(
  values: Float64Array,
  { mean, variance }: { mean: readonly number[]; variance: readonly number[] },
  rows: number,
): Float64Array {
  return values.map((value, at) => {
    const channel = at % mean.length;
    const biased = (variance[channel] ?? 0) * (rows - 1) / rows;
    return Math.max(0, (value - (mean[channel] ?? 0)) / Math.sqrt(biased + 1e-5));
  });
}

/** A 3x3 convolution with padding 1 of [N, side, side, I] by weights [O, 3, 3, I]. */
export function convolved(x: ArrayLike<number>, weight: Float32Array, side: number, inputs: number): Float64Array {
  const outputs = weight.length / 9 / inputs;
  const pixels = x.length / inputs;
  const y = new Float64Array(pixels * outputs);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const [row, column] = [Math.floor(pixel / side) % side, pixel % side];
    for (let tap = 0; tap < 9; tap++) {
      const [down, right] = [Math.floor(tap / 3) - 1, tap % 3 - 1];
      if (row + down < 0 || row + down >= side || column + right < 0 || column + right >= side) continue;
      const from = (pixel + down * side + right) * inputs;
      for (let output = 0; output < outputs; output++) {
        let sum = 0;
        for (let input = 0; input < inputs; input++) {
          sum += (x[from + input] ?? 0) * (weight[(output * 9 + tap) * inputs + input] ?? 0);
        }
        y[pixel * outputs + output] = (y[pixel * outputs + output] ?? 0) + sum;
      }
    }
  }
  return y;
}

/** Input of the first block of an untrained network of {@linkcode smallest}, [N, 8, 8, 4]. */
export function firstInput(encoder: GatedResNet, images: EvaluationImages): Float32Array {
  using _scope = new Scope();
  const weight = Tensor.from(images.device, stateOf(encoder, "conv1.weight").slice(), [4, 7, 7, 3]);
  const x = images.normalised(0, images.set.count);
  const stem = conv2d(null, x, weight, { stride: 2, padding: 3 }).toFloat32();
  // An untrained norm with running statistics divides by sqrt(1 + 1e-5).
  const h = stem.map((value) => Math.max(0, value / Math.sqrt(1 + 1e-5)));
  const pooled = Tensor.from(images.device, h, [images.set.count, 16, 16, 4]);
  return maxPool(null, pooled, { kernel: 3, stride: 2, padding: 1 }).toFloat32();
}
