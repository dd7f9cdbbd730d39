/**
 * The network's two encoders against each other and against masking.
 *
 * @module
 */
import assert from "node:assert/strict";

import { normalisedError } from "../../src/autograd/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { ShapeError } from "../../src/errors.ts";
import {
  type BlockOptions,
  DualNetwork,
  type ForwardContext,
  loadTorchState,
  networkCost,
  type NetworkSpec,
  toTorchState,
} from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const spec: NetworkSpec = { arch: "resnet18", width: 8, stem: "cifar", image: 12 };

function build(device: Device, options: BlockOptions, seed = 0): DualNetwork {
  return new DualNetwork(device, { ...options, spec, projector: 16, seed });
}

function images(device: Device, count: number): Tensor {
  const random = new RandomStream(5, 50, 0);
  const values = Float32Array.from({ length: count * spec.image ** 2 * 3 }, () => random.normal());
  return Tensor.from(device, values, [count, spec.image, spec.image, 3]);
}

function masks(device: Device, count: number, open: (image: number, channel: number) => boolean): Tensor[] {
  return networkCost(spec).blocks.map((_, block) => {
    const channels = spec.width * 2 ** (block >> 1);
    const values = Float32Array.from(
      { length: count * channels },
      (_, i) => Number(open(Math.floor(i / channels), i % channels)),
    );
    return Tensor.from(device, values, [count, channels]);
  });
}

Deno.test("the gated network with every channel open gives the dense network's features", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = build(device, { gated: true, separateNorm: false });
  const x = images(device, 3);
  const dense = network.encoder.evaluate("dense", x).features.toFloat32();
  const gated = network.encoder.evaluate("gated", x, masks(device, 3, () => true)).features.toFloat32();
  assert.ok(normalisedError(gated, dense) < 1e-10);
});

Deno.test("an image's features depend on its own mask alone", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = build(device, { gated: true, separateNorm: false });
  const x = images(device, 2);
  const features = (open: (image: number, channel: number) => boolean) =>
    network.encoder.evaluate("gated", x, masks(device, 2, open)).features.toFloat32();
  const size = spec.width * 8;
  const one = features((image, channel) => image === 0 || channel % 2 === 0);
  const other = features((image) => image === 0);
  assert.deepEqual(one.subarray(0, size), other.subarray(0, size));
  assert.notDeepEqual(one.subarray(size), other.subarray(size));
});

Deno.test("a network built dense refuses a gated pass by the block's name", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = build(device, { gated: false, separateNorm: false });
  const noise = { uniform: () => assert.fail("no noise is drawn") };
  const context: ForwardContext = { tape: null, pass: "gated", noise, temperature: 1 };
  assert.throws(() => network.encoder.forward(context, images(device, 2)), (error) => {
    return error instanceof ShapeError && error.message.includes("layer1.0");
  });
});

Deno.test("weights depend on the seed alone", () => {
  using device = openDevice();
  const weightsOf = (seed: number) => {
    using network = build(device, { gated: true, separateNorm: true }, seed);
    return toTorchState(network).get("layer3.0.conv1.weight")?.data;
  };
  assert.deepEqual(weightsOf(1), weightsOf(1));
  assert.notDeepEqual(weightsOf(1), weightsOf(2));
});

Deno.test("a state goes to PyTorch's layouts and back unchanged", () => {
  using device = openDevice();
  using network = build(device, { gated: true, separateNorm: true }, 1);
  using other = build(device, { gated: true, separateNorm: true }, 2);
  const state = toTorchState(network);
  assert.deepEqual(state.get("conv1.weight")?.shape, [8, 3, 3, 3]);
  assert.deepEqual(state.get("layer2.0.downsample.0.weight")?.shape, [16, 8, 1, 1]);
  loadTorchState(other, state);
  assert.deepEqual(toTorchState(other), state);
});

Deno.test("a state that lacks a tensor, or has one too many, is refused by name and changes nothing", () => {
  using device = openDevice();
  using network = build(device, { gated: true, separateNorm: true }, 1);
  const before = toTorchState(network);
  const state = new Map(before);
  state.delete("layer1.0.gate.fc1.weight");
  state.set("surplus", { dtype: "f32", shape: [1], data: Float32Array.of(0) });
  assert.throws(() => loadTorchState(network, state), (error) => {
    return error instanceof ShapeError && error.message.includes("layer1.0.gate.fc1.weight is missing") &&
      error.message.includes("surplus is unknown");
  });
  assert.deepEqual(toTorchState(network), before);
});
