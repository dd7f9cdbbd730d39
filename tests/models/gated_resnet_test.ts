/**
 * The network's two encoders against each other and against masking.
 *
 * @module
 */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";
import { normalisedError } from "../../src/autograd/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { MisuseError, ShapeError } from "../../src/errors.ts";
import {
  type BlockOptions,
  DualNetwork,
  type ForwardContext,
  loadTorchState,
  networkCost,
  type NetworkSpec,
  scaledNoise,
  toTorchState,
  type TracedRow,
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

Deno.test("a gated evaluation pools the first block's input alone: blocks give the means of their outputs", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = build(device, { gated: true, separateNorm: true });
  const x = images(device, 2);
  let pools = 0;
  using _observation = device.observe((name, _parameters, call) => {
    if (name === "sl_global_pool_forward") pools++;
    call();
  });
  const { features } = network.encoder.evaluate("gated", x);
  assertEquals(pools, 1);
  // A trace has every block computed by ordinary convolutions, whose outputs are pooled afterwards.
  const traced = network.encoder.evaluate("gated", x, { trace: { visit: () => {} } });
  assertEquals(pools, 1 + network.encoder.depth + 1);
  assertLess(normalisedError(features.toFloat32(), traced.features.toFloat32()), 1e-10);
});

Deno.test("the gated network with every channel open gives the dense network's features", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = build(device, { gated: true, separateNorm: false });
  const x = images(device, 3);
  const dense = network.encoder.evaluate("dense", x).features.toFloat32();
  const gated = network.encoder.evaluate("gated", x, { masks: masks(device, 3, () => true) }).features.toFloat32();
  assertLess(normalisedError(gated, dense), 1e-10);
});

Deno.test("an image's features depend on its own mask alone", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = build(device, { gated: true, separateNorm: false });
  const x = images(device, 2);
  const features = (open: (image: number, channel: number) => boolean) =>
    network.encoder.evaluate("gated", x, { masks: masks(device, 2, open) }).features.toFloat32();
  const size = spec.width * 8;
  const one = features((image, channel) => image === 0 || channel % 2 === 0);
  const other = features((image) => image === 0);
  assertEquals(one.subarray(0, size), other.subarray(0, size));
  assertNotEquals(one.subarray(size), other.subarray(size));
});

Deno.test("a traced pass shows every convolution of a block, and gives the features of any other pass", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = build(device, { gated: true, separateNorm: true });
  const [x, given] = [images(device, 3), masks(device, 3, (image, channel) => (image + channel) % 3 > 0)];
  const rows: unknown[] = [];
  let closed = NaN;
  const visit = ({ output, masked, norm, next }: TracedRow) => {
    if (rows.length === 0) [closed = NaN] = output.toFloat32();
    rows.push([masked, output.dim(-1), norm.gamma.size, next?.shape ?? null]);
  };
  const traced = network.encoder.evaluate("gated", x, { masks: given, trace: { visit } }).features.toFloat32();
  assertLess(
    normalisedError(traced, network.encoder.evaluate("gated", x, { masks: given }).features.toFloat32()),
    1e-10,
  );
  assertEquals(rows.length, 2 * 8);
  assertEquals(rows.slice(4, 6), [[true, 16, 16, [16, 3, 3, 16]], [false, 16, 16, null]]);
  assertEquals(closed, 0, "the first image's first channel is closed");
  const dense: boolean[] = [];
  const own = network.encoder.evaluate("dense", x, { trace: { visit: ({ masked }) => dense.push(masked) } });
  assertEquals(own.features.toFloat32(), network.encoder.evaluate("dense", x).features.toFloat32());
  assertEquals(dense.length, 2 * 8);
});

Deno.test("a network built dense refuses a gated pass by the block's name", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = build(device, { gated: false, separateNorm: false });
  const noise = scaledNoise(device, { temperature: 1 })({ uniform: () => fail("no noise is drawn") });
  const context: ForwardContext = { tape: null, pass: "gated", noise };
  assertThrows(() => network.encoder.forward(context, images(device, 2)), MisuseError, "layer1.0");
});

Deno.test("weights depend on the seed alone", () => {
  using device = openDevice();
  const weightsOf = (seed: number) => {
    using network = build(device, { gated: true, separateNorm: true }, seed);
    return toTorchState(network).get("layer3.0.conv1.weight")?.data;
  };
  assertEquals(weightsOf(1), weightsOf(1));
  assertNotEquals(weightsOf(1), weightsOf(2));
});

Deno.test("a state goes to PyTorch's layouts and back unchanged", () => {
  using device = openDevice();
  using network = build(device, { gated: true, separateNorm: true }, 1);
  using other = build(device, { gated: true, separateNorm: true }, 2);
  const state = toTorchState(network);
  assertEquals(state.get("conv1.weight")?.shape, [8, 3, 3, 3]);
  assertEquals(state.get("layer2.0.downsample.0.weight")?.shape, [16, 8, 1, 1]);
  loadTorchState(other, state);
  assertEquals(toTorchState(other), state);
});

Deno.test("a state that lacks a tensor, or has one too many, is refused by name and changes nothing", () => {
  using device = openDevice();
  using network = build(device, { gated: true, separateNorm: true }, 1);
  const before = toTorchState(network);
  const state = new Map(before);
  state.delete("layer1.0.gate.fc1.weight");
  state.set("surplus", { dtype: "f32", shape: [1], data: Float32Array.of(0) });
  const error = assertThrows(() => loadTorchState(network, state), ShapeError);
  assertStringIncludes(error.message, "layer1.0.gate.fc1.weight is missing");
  assertStringIncludes(error.message, "surplus is unknown");
  assertEquals(toTorchState(network), before);
});

Deno.test("a gate's reduction decides its hidden size, and its cost", () => {
  using device = openDevice();
  const reduced = { ...spec, gateReduction: 2 };
  using network = new DualNetwork(device, {
    spec: reduced,
    gated: true,
    separateNorm: false,
    projector: 16,
    seed: 0,
  });
  const shapes = new Map([...network.parameters()].map(([name, { value }]) => [name, value.shape]));
  assertEquals(shapes.get("layer1.0.gate.fc1.weight"), [4, 8]);
  assertEquals(shapes.get("layer2.0.gate.fc2.weight"), [16, 4]);
  assertEquals(networkCost(reduced).blocks[2]?.gate, 8 * 4 + 4 * 16);
});

Deno.test("biases of the logits open the gates, or close them, and are no part of the paper's", () => {
  using device = openDevice();
  using _scope = new Scope();
  const openShare = (bias: number | null) => {
    using network = build(device, { gated: true, separateNorm: false, gateBias: bias });
    const names = [...network.parameters()].map(([name]) => name).filter((name) => name.endsWith("gate.fc2.bias"));
    assertEquals(names.length, bias === null ? 0 : 8);
    const { masks } = network.encoder.evaluate("gated", images(device, 2));
    return masks.flatMap((mask) => [...mask.toFloat32()]).reduce((sum, bit, _, all) => sum + bit / all.length, 0);
  };
  assertAlmostEquals(openShare(100), 1, 1e-9);
  assertEquals(openShare(-100), 0);
  assert(openShare(null) > 0 && openShare(null) < 1);
});

Deno.test("resnet34 has sixteen gated blocks under torchvision's names", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = new DualNetwork(device, {
    spec: { ...spec, arch: "resnet34" },
    gated: true,
    separateNorm: true,
    projector: 16,
    seed: 0,
  });
  assertEquals(network.encoder.depth, 16);
  assert(network.state().has("layer3.5.conv2.weight") && network.state().has("layer3.5.gated_bn1.running_mean"));
  assertEquals(network.encoder.evaluate("gated", images(device, 2)).masks.length, 16);
});
