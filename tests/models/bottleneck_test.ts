/**
 * A network of bottlenecks: its passes, its gates' noise, and its gated evaluation against masking.
 *
 * @module
 */
import assert from "node:assert/strict";

import { normalisedError } from "../../src/autograd/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import {
  DualNetwork,
  gateSpecs,
  loadTorchState,
  type NetworkSpec,
  type NoiseSource,
  toTorchState,
} from "../../src/models/mod.ts";
import { philoxUniform } from "../../src/ops/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const spec: NetworkSpec = { arch: "resnet50", width: 8, stem: "cifar", image: 12 };
const gates = gateSpecs(spec);

function build(device: Device, separateNorm: boolean): DualNetwork {
  return new DualNetwork(device, { spec, projector: 16, seed: 0, gated: true, separateNorm });
}

function images(device: Device, count: number): Tensor {
  const random = new RandomStream(5, 50, 0);
  const values = Float32Array.from({ length: count * spec.image ** 2 * 3 }, () => random.normal());
  return Tensor.from(device, values, [count, spec.image, spec.image, 3]);
}

function masks(device: Device, count: number, open: (image: number, gate: number, channel: number) => boolean) {
  return gates.map(({ channels }, gate) => {
    const values = Float32Array.from(
      { length: count * channels },
      (_, at) => Number(open(Math.floor(at / channels), gate, at % channels)),
    );
    return Tensor.from(device, values, [count, channels]);
  });
}

/** Norms with statistics of their own, so that none is the identity. */
function disturb(network: DualNetwork): void {
  const random = new RandomStream(6, 51, 0);
  const state = toTorchState(network);
  for (const [name, { data }] of state) {
    if (/bn\d\.(weight|running_var)$/.test(name)) data.forEach((_, at) => data[at] = 0.5 + random.uniform());
    if (/bn\d\.(bias|running_mean)$/.test(name)) data.forEach((_, at) => data[at] = 0.3 * random.normal());
  }
  loadTorchState(network, state);
}

/** A network whose dense pass is masked: the norms behind closed channels give 0. */
function closedNorms(network: DualNetwork, open: (gate: number, channel: number) => boolean): void {
  const state = toTorchState(network);
  gates.forEach(({ label }, gate) => {
    const norm = label.replace(".gate", ".bn");
    for (const parameter of ["weight", "bias"]) {
      const data = state.get(`${norm}.${parameter}`)?.data ?? assert.fail(norm);
      data.forEach((_, channel) => data[channel] = open(gate, channel) ? data[channel] ?? NaN : 0);
    }
  });
  loadTorchState(network, state);
}

Deno.test("a gated pass of bottlenecks with every channel open gives the dense pass's features", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = build(device, false);
  disturb(network);
  const x = images(device, 3);
  const dense = network.encoder.evaluate("dense", x).features;
  assert.deepEqual(dense.shape, [3, 256]);
  const gated = network.encoder.evaluate("gated", x, masks(device, 3, () => true)).features;
  assert.ok(normalisedError(gated.toFloat32(), dense.toFloat32()) < 1e-10);
});

Deno.test("bottlenecks that compute open channels alone give what masking gives, image by image", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = build(device, false);
  disturb(network);
  const [all, none] = [() => true, () => false];
  const patterns: ((gate: number, channel: number) => boolean)[] = [
    (gate, channel) => (gate * 7 + channel * 3) % 5 < 2,
    (gate, channel) => (gate % 2 === 0 ? channel % 2 === 0 : channel % 3 === 0),
    (gate) => gate % 2 === 0,
    (gate) => gate % 2 === 1,
    none,
    all,
  ];
  const x = images(device, patterns.length);
  const mixed = masks(device, patterns.length, (image, gate, channel) => patterns[image]?.(gate, channel) ?? false);
  const gated = network.encoder.evaluate("gated", x, mixed).features.toFloat32();
  const size = gated.length / patterns.length;
  patterns.forEach((open, image) => {
    using masked = build(device, false);
    loadTorchState(masked, toTorchState(network));
    closedNorms(masked, open);
    const expected = masked.encoder.evaluate("dense", x).features.toFloat32();
    const row = (features: Float32Array) => features.subarray(image * size, (image + 1) * size);
    assert.ok(normalisedError(row(gated), row(expected)) < 1e-10, `pattern ${image}`);
  });
});

Deno.test("a gated evaluation goes through one native function a bottleneck", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = build(device, true);
  const calls: string[] = [];
  using _observed = device.observe((name, _parameters, call) => {
    calls.push(name);
    call();
  });
  network.encoder.evaluate("gated", images(device, 2));
  assert.equal(calls.filter((name) => name === "sl_gated_forward").length, 16);
  // Those are the stem and the shortcuts.
  assert.equal(calls.filter((name) => name === "sl_conv_forward").length, 1 + 4);
});

Deno.test("every gate of a bottleneck draws its own noise, and decides on its own", () => {
  using device = openDevice();
  using _scope = new Scope();
  using network = build(device, true);
  const asked: number[] = [];
  const noise: NoiseSource = {
    uniform: (gate, shape) => {
      asked.push(gate);
      return philoxUniform(device, { seed: 1, step: 0, stream: gate }, shape);
    },
  };
  const x = images(device, 4);
  const gated = network.encoder.forward({ tape: null, pass: "gated", noise, temperature: 2 / 3 }, x);
  assert.deepEqual(asked, Array.from(gates.keys()));
  assert.deepEqual(gated.masks.map(({ shape }) => shape), gates.map(({ channels }) => [4, channels]));
  assert.equal(gated.noiseFree.length, gates.length);
  const [first, second] = gated.masks.map((mask) => mask.toFloat32());
  assert.notDeepEqual(first, second);
  const dense = network.encoder.forward({ tape: null, pass: "dense", noise, temperature: 2 / 3 }, x);
  assert.deepEqual([dense.masks.length, asked.length], [0, gates.length]);
  const { masks: decided } = network.encoder.evaluate("gated", x);
  assert.deepEqual(decided.map(({ shape }) => shape), gates.map(({ channels }) => [4, channels]));
});
