/**
 * Gates that open several neighbouring channels together: their masks, noise, gradient and memory.
 *
 * @module
 */
import { assert, assertEquals, assertLess, assertStrictEquals, fail } from "@std/assert";
import { normalisedError, Tape } from "../../src/autograd/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import type { HostTensor } from "../../src/formats/mod.ts";
import {
  DualNetwork,
  encoderState,
  Gate,
  gateSpecs,
  loadTorchState,
  type NetworkSpec,
  scaledNoise,
  toTorchState,
} from "../../src/models/mod.ts";
import { Initialiser } from "../../src/nn/mod.ts";
import { philoxUniform } from "../../src/ops/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const specs: readonly (NetworkSpec & { readonly gateGroup: number })[] = [
  { arch: "resnet18", width: 16, stem: "cifar", image: 12, gateGroup: 4 },
  { arch: "resnet50", width: 8, stem: "cifar", image: 12, gateGroup: 8 },
];

function build(device: Device, spec: NetworkSpec): DualNetwork {
  const options = { projector: 16, seed: 0, gated: true, separateNorm: false, gateBias: 0.1 };
  return new DualNetwork(device, { ...options, spec });
}

function normal(device: Device, ...shape: number[]): Tensor {
  const random = new RandomStream(5, 50, 0);
  const size = shape.reduce((product, axis) => product * axis, 1);
  return Tensor.from(device, Float32Array.from({ length: size }, () => random.normal()), shape);
}

/** Asserts that each group of channels of an image has one bit, and returns how many bits are 1, and how many 0. */
function bitsOf(mask: Tensor, group: number): { open: number; closed: number } {
  const values = mask.toFloat32();
  const count = { open: 0, closed: 0 };
  for (let first = 0; first < values.length; first += group) {
    const own = values.subarray(first, first + group);
    assert(own.every((bit) => bit === own[0] && (bit === 0 || bit === 1)), `a group has ${own}`);
    count[own[0] === 1 ? "open" : "closed"]++;
  }
  return count;
}

for (const spec of specs) {
  const { gateGroup: group } = spec;
  const gates = gateSpecs(spec);

  Deno.test(`${spec.arch}: the channels of a group share a bit in training and in evaluation, and draw one number`, () => {
    using device = openDevice();
    using _scope = new Scope();
    using network = build(device, spec);
    const asked: (readonly number[])[] = [];
    const noise = scaledNoise(device, { temperature: 1 })({
      uniform: (gate, shape) => {
        asked.push(shape);
        return philoxUniform(device, { seed: 1, step: 0, stream: gate }, shape);
      },
    });
    const x = normal(device, 6, 12, 12, 3);
    const { masks, noiseFree } = network.encoder.forward({ tape: null, pass: "gated", noise }, x);
    assertEquals(asked, gates.map(({ channels }) => [6, channels / group]));
    const { masks: decided } = network.encoder.evaluate("gated", x);
    for (const kind of [masks, noiseFree, decided]) {
      assertEquals(kind.map(({ shape }) => shape), gates.map(({ channels }) => [6, channels]));
      const counts = kind.map((mask) => bitsOf(mask, group));
      assert(counts.some(({ open }) => open > 0) && counts.some(({ closed }) => closed > 0));
    }
  });

  Deno.test(`${spec.arch}: gates with a row for each channel, equal within a group, evaluate to the same features`, () => {
    using device = openDevice();
    using _scope = new Scope();
    using network = build(device, spec);
    using single = build(device, { ...spec, gateGroup: 1 });
    const state = toTorchState(network);
    loadTorchState(single, new Map([...state].map(([name, tensor]) => [name, withRows(name, tensor, group)])));
    const x = normal(device, 5, 12, 12, 3);
    const [found, expected] = [network, single].map(({ encoder }) => encoder.evaluate("gated", x));
    assertEquals(found?.masks.map((mask) => mask.toFloat32()), expected?.masks.map((mask) => mask.toFloat32()));
    assertEquals(found?.features.toFloat32(), expected?.features.toFloat32());
  });

  Deno.test(`${spec.arch}: a gated evaluation in groups leaves only its results in memory`, () => {
    using device = openDevice();
    using network = build(device, spec);
    using x = normal(device, 2, 12, 12, 3);
    const evaluate = () => {
      const { features, masks } = network.encoder.evaluate("gated", x);
      for (const result of [features, ...masks]) result[Symbol.dispose]();
    };
    // The first evaluation packs the weights, which stay.
    evaluate();
    const before = device.memory().inUse;
    evaluate();
    assertStrictEquals(device.memory().inUse, before);
  });
}

/** A tensor of a gate's last layer with each row `group` times in a row; any other tensor as it is. */
function withRows(name: string, tensor: HostTensor, group: number): HostTensor {
  if (!/\.fc2\./.test(name)) return tensor;
  const { data, shape: [rows = 0, ...others] } = tensor;
  const size = data.length / rows;
  const repeated = Float32Array.from({ length: data.length * group }, (_, at) => {
    return data[Math.floor(at / size / group) * size + at % size] ?? fail(name);
  });
  return { dtype: "f32", shape: [rows * group, ...others], data: repeated };
}

Deno.test("an opening has a value for each group, which an exported gate has as biases", () => {
  using device = openDevice();
  using _scope = new Scope();
  const [spec] = specs;
  assert(spec);
  const options = { projector: 16, seed: 0, gated: true, separateNorm: false, hasOpening: true };
  using network = new DualNetwork(device, { ...options, spec });
  network.encoder.setOpening(100);
  const { data, shape } = encoderState(network.encoder, "gated").get("layer2.0.gate.fc2.bias") ?? fail("no biases");
  assertEquals([shape, [...data]], [[32 / 4], new Array(32 / 4).fill(100)]);
  const { masks } = network.encoder.evaluate("gated", normal(device, 2, 12, 12, 3));
  assertEquals(masks[2]?.toFloat32(), new Float32Array(2 * 32).fill(1));
});

/** a [rows, depth] times the transpose of b [columns, depth]. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, columns: number, depth: number): Float64Array {
  return Float64Array.from({ length: a.length / depth * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += (a[row * depth + k] ?? NaN) * (b[column * depth + k] ?? NaN);
    return sum;
  });
}

function transposed(x: ArrayLike<number>, columns: number): Float64Array {
  const rows = x.length / columns;
  return Float64Array.from({ length: x.length }, (_, at) => x[at % rows * columns + Math.floor(at / rows)] ?? NaN);
}

/** relu of the batch norm of x [N, columns], with gamma 1 and beta 0. */
function normalised(x: Float64Array, columns: number): Float64Array {
  const batch = x.length / columns;
  return x.map((value, at) => {
    const column = x.filter((_, other) => other % columns === at % columns);
    const mean = column.reduce((sum, one) => sum + one / batch, 0);
    const variance = column.reduce((sum, one) => sum + (one - mean) ** 2 / batch, 0);
    return Math.max(0, (value - mean) / Math.sqrt(variance + 1e-5));
  });
}

Deno.test("a logit's gradient is the sum of its channels' gradients, times the slope of the sigmoid", () => {
  using device = openDevice();
  using _scope = new Scope();
  const [batch, inChannels, hidden, channels, group, temperature] = [7, 8, 3, 12, 4, 2 / 3];
  using gate = new Gate(device, new Initialiser(3), { inChannels, channels, hidden, group });
  const [x, dmask] = [normal(device, batch, inChannels), normal(device, batch, channels)];
  const drawn = philoxUniform(device, { seed: 2, step: 0, stream: 1 }, [batch, channels / group]);
  const weights = new Map([...gate.parameters()].map(([name, { value }]) => [name, value]));
  const [fc1, fc2] = ["fc1.weight", "fc2.weight"].map((name) => weights.get(name) ?? fail(name));
  const tape = new Tape();
  const noise = scaledNoise(device, { temperature })({ uniform: () => drawn });
  const { mask } = gate.sample({ tape, pass: "gated", noise }, x, 0);
  tape.backward([mask], [dmask]);
  assert(fc1 && fc2);

  const activations = normalised(product(x.toFloat32(), fc1.toFloat32(), hidden, inChannels), hidden);
  const [uniform, upstream] = [drawn.toFloat32(), dmask.toFloat32()];
  const dlogits = product(activations, fc2.toFloat32(), channels / group, hidden).map((logit, at) => {
    const u = uniform[at] ?? NaN;
    const s = 1 / (1 + Math.exp(-(logit + Math.log(u + 1e-8) - Math.log(1 - u + 1e-8)) / temperature));
    const sum = upstream.subarray(at * group, (at + 1) * group).reduce((sum, one) => sum + one, 0);
    return sum * s * (1 - s) / temperature;
  });
  const expected = product(transposed(dlogits, channels / group), transposed(activations, hidden), hidden, batch);
  const found = tape.gradient(fc2) ?? fail("fc2 has no gradient");
  assertEquals(found.shape, [channels / group, hidden]);
  assertLess(normalisedError(found.toFloat32(), expected), 1e-10);
});
