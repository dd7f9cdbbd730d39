/**
 * Networks of every kind of block: their passes, their gates' noise, and gated evaluation against masking by hand.
 *
 * @module
 */

import { assertEquals, assertLess, assertNotEquals, assertStrictEquals, fail } from "@std/assert";
import { normalisedError } from "../../src/autograd/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import {
  architectures,
  architectureSpec,
  blockSpecs,
  DualNetwork,
  featureSize,
  gateSpecs,
  loadTorchState,
  type NetworkSpec,
  scaledNoise,
  toTorchState,
} from "../../src/models/mod.ts";
import { philoxUniform } from "../../src/ops/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";
import { ownSpec } from "./own_block.ts";

const narrow = { width: 8, stem: "cifar", image: 12 } as const;
/** One architecture for each kind of block, and a kind that src does not know. */
const architecturesByKind = new Map(architectures.toReversed().map((arch) => [architectureSpec(arch).kind.name, arch]));
const specs: readonly NetworkSpec[] = [
  ...[...architecturesByKind.values()].map((arch) => ({ ...narrow, arch })),
  ownSpec,
];

function build(device: Device, spec: NetworkSpec, separateNorm: boolean): DualNetwork {
  return new DualNetwork(device, { spec, projector: 16, seed: 0, gated: true, separateNorm });
}

function images(device: Device, spec: NetworkSpec, count: number): Tensor {
  const random = new RandomStream(5, 50, 0);
  const values = Float32Array.from({ length: count * spec.image ** 2 * 3 }, () => random.normal());
  return Tensor.from(device, values, [count, spec.image, spec.image, 3]);
}

type Pattern = (gate: number, channel: number) => boolean;

/** Masks by gate; each image has its own pattern. */
function masks(device: Device, spec: NetworkSpec, patterns: readonly Pattern[]): Tensor[] {
  return gateSpecs(spec).map(({ channels }, gate) => {
    const values = patterns.flatMap((open) => Array.from({ length: channels }, (_, channel) => open(gate, channel)));
    return Tensor.from(device, Float32Array.from(values, Number), [patterns.length, channels]);
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

/** Masks the dense pass by hand: the norms in front of closed channels give 0. */
function closeNorms(network: DualNetwork, spec: NetworkSpec, open: Pattern): void {
  const state = toTorchState(network);
  let gate = 0;
  for (const { name, convolutions } of blockSpecs(spec)) {
    convolutions.forEach(({ masked }, index) => {
      if (!masked) return;
      for (const parameter of ["weight", "bias"]) {
        const data = state.get(`${name}.bn${index + 1}.${parameter}`)?.data ?? fail(name);
        data.forEach((value, channel) => data[channel] = open(gate, channel) ? value : 0);
      }
      gate++;
    });
  }
  loadTorchState(network, state);
}

const [all, none]: [Pattern, Pattern] = [() => true, () => false];

for (const spec of specs) {
  const { name } = architectureSpec(spec.arch);
  const gates = gateSpecs(spec);

  Deno.test(`${name}: a gated pass with every channel open gives the dense pass's features`, () => {
    using device = openDevice();
    using _scope = new Scope();
    using network = build(device, spec, false);
    disturb(network);
    const x = images(device, spec, 3);
    const dense = network.encoder.evaluate("dense", x).features;
    assertEquals(dense.shape, [3, featureSize(spec)]);
    const gated = network.encoder.evaluate("gated", x, { masks: masks(device, spec, [all, all, all]) }).features;
    assertLess(normalisedError(gated.toFloat32(), dense.toFloat32()), 1e-10);
  });

  Deno.test(`${name}: a gated pass gives what masking by hand gives, image by image`, () => {
    using device = openDevice();
    using _scope = new Scope();
    using network = build(device, spec, false);
    disturb(network);
    const patterns: readonly Pattern[] = [
      (gate, channel) => (gate * 7 + channel * 3) % 5 < 2,
      (gate, channel) => (gate % 2 === 0 ? channel % 2 === 0 : channel % 3 === 0),
      (gate) => gate % 2 === 0,
      (gate) => gate % 2 === 1,
      none,
      all,
    ];
    const x = images(device, spec, patterns.length);
    const gated = network.encoder.evaluate("gated", x, { masks: masks(device, spec, patterns) }).features.toFloat32();
    const row = (features: Float32Array, image: number) =>
      features.subarray(image * featureSize(spec), (image + 1) * featureSize(spec));
    patterns.forEach((open, image) => {
      using masked = build(device, spec, false);
      loadTorchState(masked, toTorchState(network));
      closeNorms(masked, spec, open);
      const expected = masked.encoder.evaluate("dense", x).features.toFloat32();
      assertLess(normalisedError(row(gated, image), row(expected, image)), 1e-10, `pattern ${image}`);
    });
  });

  Deno.test(`${name}: a gated evaluation leaves only its results in memory`, () => {
    using device = openDevice();
    using network = build(device, spec, true);
    const [x] = [images(device, spec, 2)];
    const free = (results: readonly Tensor[]) => results.forEach((result) => result[Symbol.dispose]());
    const evaluate = () => {
      const { features, masks } = network.encoder.evaluate("gated", x);
      free([features, ...masks]);
    };
    // The first evaluation packs the weights, which stay.
    evaluate();
    const before = device.memory().inUse;
    evaluate();
    assertStrictEquals(device.memory().inUse, before);
    free([x]);
  });

  Deno.test(`${name}: every gate draws its own noise, and decides on its own`, () => {
    using device = openDevice();
    using _scope = new Scope();
    using network = build(device, spec, true);
    const asked: number[] = [];
    const noise = scaledNoise(device, { temperature: 2 / 3 })({
      uniform: (gate, shape) => {
        asked.push(gate);
        return philoxUniform(device, { seed: 1, step: 0, stream: gate }, shape);
      },
    });
    const x = images(device, spec, 4);
    const shapes = gates.map(({ channels }) => [4, channels]);
    const gated = network.encoder.forward({ tape: null, pass: "gated", noise }, x);
    assertEquals(asked, Array.from(gates.keys()));
    assertEquals(gated.masks.map(({ shape }) => shape), shapes);
    assertEquals(gated.noiseFree.length, gates.length);
    const [first, second] = gated.masks.map((mask) => mask.toFloat32());
    assertNotEquals(first, second);
    const dense = network.encoder.forward({ tape: null, pass: "dense", noise }, x);
    assertEquals([dense.masks.length, asked.length], [0, gates.length]);
    const { masks: decided } = network.encoder.evaluate("gated", x);
    assertEquals(decided.map(({ shape }) => shape), shapes);
  });
}

Deno.test("resnet18 and resnet50 evaluate through one native function a block", () => {
  using device = openDevice();
  using _scope = new Scope();
  for (const [arch, blocks] of [["resnet18", 8], ["resnet50", 16]] as const) {
    const spec = { ...narrow, arch };
    using network = build(device, spec, true);
    const calls: string[] = [];
    using _observed = device.observe((name, _parameters, call) => {
      calls.push(name);
      call();
    });
    network.encoder.evaluate("gated", images(device, spec, 2));
    assertEquals(calls.filter((name) => name === "sl_gated_forward").length, blocks);
    // The stem and the shortcuts.
    const shortcuts = blockSpecs(spec).filter(({ projects }) => projects).length;
    assertEquals(calls.filter((name) => name === "sl_conv_forward").length, 1 + shortcuts);
  }
});
