/**
 * Tests of a gate's noise, opening and gradient, and of residual branches that begin at 0.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Tape } from "../../src/autograd/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { MisuseError } from "../../src/errors.ts";
import {
  type BlockOptions,
  encoderState,
  Gate,
  GatedResNet,
  type GateOptions,
  scaledNoise,
} from "../../src/models/mod.ts";
import { Initialiser } from "../../src/nn/mod.ts";
import { sum } from "../../src/ops/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const [batch, inChannels, channels, hidden] = [6, 8, 12, 2] as const;
const TEMPERATURE = 2 / 3;

function drawn(count: number, stream: number, draw: (random: RandomStream) => number): Float32Array<ArrayBuffer> {
  const random = new RandomStream(7, 50, stream);
  return Float32Array.from({ length: count }, () => draw(random));
}

/** A map of one pixel, so that pooling returns it. */
const input = drawn(batch * inChannels, 2, (random) => random.normal());
const uniform = drawn(batch * channels, 1, (random) => (random.integer(1 << 24) + 0.5) / (1 << 24));

/** Samples a gate, and takes the gradient of the sum of its mask by its last layer's weight. */
function sample(device: Device, gate: Gate, noiseScale?: number) {
  const tape = new Tape();
  const source = { uniform: () => Tensor.from(device, uniform, [batch, channels]) };
  const noise = scaledNoise(device, { temperature: TEMPERATURE, scale: noiseScale })(source);
  const context = { tape, pass: "gated", noise } as const;
  const { mask, noiseFree } = gate.sample(context, Tensor.from(device, input, [batch, 1, 1, inChannels]), 0);
  const bits = [mask, noiseFree].map((of) => [...of.toFloat32()]);
  tape.backward(sum(tape, mask, "all"));
  const weight = new Map(gate.parameters()).get("fc2.weight")?.value;
  assert(weight);
  return { mask: bits[0], noiseFree: bits[1], gradient: tape.gradient(weight)?.toFloat32() ?? new Float32Array() };
}

/** The same in float64, from the gate's weights. Its norm has scale 1 and shift 0. */
function expected(gate: Gate, noiseScale: number, opening: number) {
  const weightOf = (name: string) => new Map(gate.parameters()).get(name)?.value.toFloat32() ?? new Float32Array();
  const [weight1, weight2] = [weightOf("fc1.weight"), weightOf("fc2.weight")];
  const at = (values: Float32Array, row: number, columns: number, column: number) =>
    values[row * columns + column] ?? 0;
  const range = (count: number) => Array.from({ length: count }, (_, index) => index);
  const total = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
  const reduced = range(hidden).map((unit) => {
    const values = range(batch).map((n) =>
      total(range(inChannels).map((i) => at(input, n, inChannels, i) * at(weight1, unit, inChannels, i)))
    );
    const mean = total(values) / batch;
    const variance = total(values.map((value) => (value - mean) ** 2)) / batch;
    return values.map((value) => Math.max(0, (value - mean) / Math.sqrt(variance + 1e-5)));
  });
  const unitOf = (unit: number, n: number) => reduced[unit]?.[n] ?? 0;
  const logits = range(batch).flatMap((n) =>
    range(channels).map((c) =>
      opening + total(range(hidden).map((unit) => unitOf(unit, n) * at(weight2, c, hidden, unit)))
    )
  );
  const noisy = logits.map((logit, index) => {
    const u = uniform[index] ?? 0;
    return logit + noiseScale * (Math.log(u + 1e-8) - Math.log(1 - u + 1e-8));
  });
  const slopes = noisy.map((value) => {
    const soft = 1 / (1 + Math.exp(-value / TEMPERATURE));
    return soft * (1 - soft) / TEMPERATURE;
  });
  return {
    mask: noisy.map((value) => Number(value >= 0)),
    noiseFree: logits.map((value) => Number(value >= 0)),
    gradient: range(channels).flatMap((c) =>
      range(hidden).map((unit) => total(range(batch).map((n) => (slopes[n * channels + c] ?? 0) * unitOf(unit, n))))
    ),
  };
}

function gateOf(device: Device, options: GateOptions = {}): Gate {
  return new Gate(device, new Initialiser(3), { inChannels, channels, hidden, group: 1 }, options);
}

for (const [scale, opening] of [[undefined, 0], [1, 0], [0.5, 0], [0.02, 0], [0, 0], [0.5, 4], [0, -0.7]] as const) {
  const named = `noise of scale ${scale ?? "unset"} and an opening of ${opening}`;
  Deno.test(`with ${named} the mask is [l + o + sigma g >= 0], with the gradient of sigmoid((l + o + sigma g) / tau)`, () => {
    using device = openDevice();
    using _scope = new Scope();
    using gate = gateOf(device, { hasOpening: opening !== 0 });
    if (opening !== 0) gate.setOpening(opening);
    const found = sample(device, gate, scale);
    const wanted = expected(gate, scale ?? 1, opening);
    assertEquals([found.mask, found.noiseFree], [wanted.mask, wanted.noiseFree]);
    assertEquals(found.gradient.length, wanted.gradient.length);
    wanted.gradient.forEach((value, index) => assertAlmostEquals(found.gradient[index] ?? NaN, value, 1e-5));
  });
}

Deno.test("noise whose scale is too small to divide by is left out", () => {
  using device = openDevice();
  using _scope = new Scope();
  using gate = gateOf(device);
  assertEquals(sample(device, gate, 1e-40), sample(device, gate, 0));
});

Deno.test("an opening decides in evaluation as well, and a later one takes its place", () => {
  using device = openDevice();
  using _scope = new Scope();
  using gate = gateOf(device, { hasOpening: true });
  const pooled = Tensor.from(device, input, [batch, inChannels]);
  const open = (opening: number) => {
    gate.setOpening(opening);
    return gate.decide(pooled).toFloat32().reduce((total, bit) => total + bit, 0);
  };
  using plain = gateOf(device);
  const own = plain.decide(pooled).toFloat32().reduce((total, bit) => total + bit, 0);
  assertEquals([open(100), open(-100), open(0)], [batch * channels, 0, own]);
});

Deno.test("a gate without an opening cannot be opened, and none has both an opening and biases", () => {
  using device = openDevice();
  using gate = gateOf(device);
  assertThrows(() => gate.setOpening(1), MisuseError, "without an opening");
  assertThrows(() => gateOf(device, { hasOpening: true, gateBias: 1 }), MisuseError, "not both");
});

function encoderOf(device: Device, options: BlockOptions): GatedResNet {
  return new GatedResNet(device, new Initialiser(3), { arch: "resnet18", width: 4, stem: "cifar", image: 8 }, options);
}

Deno.test("an exported encoder has the opening as biases of its logits, and none once the opening is 0", () => {
  using device = openDevice();
  using encoder = encoderOf(device, { gated: true, separateNorm: true, hasOpening: true });
  const exported = (opening: number) => {
    encoder.setOpening(opening);
    return encoderState(encoder, "gated");
  };
  assertEquals(exported(1.5).get("layer1.0.gate.fc2.bias")?.data, new Float32Array(4).fill(1.5));
  const named = (part: string) => [...exported(0).keys()].filter((name) => name.includes(part));
  assertEquals([named("fc2.bias"), named("opening")], [[], []]);
  encoder.setOpening(1.5);
  assertEquals([...encoderState(encoder, "dense").keys()].filter((name) => name.includes("gate")), []);
});

for (const separateNorm of [true, false]) {
  Deno.test(`residual branches that begin at 0 give stem and shortcuts alone, separate norms ${separateNorm}`, () => {
    using device = openDevice();
    using _scope = new Scope();
    using encoder = encoderOf(device, { gated: true, separateNorm, zeroInitResidual: true });
    const zeroed = [...encoder.parameters()].filter(([, { value }]) => value.toFloat32().every((of) => of === 0));
    const last = zeroed.map(([name]) => name).filter((name) => name.endsWith("bn2.weight"));
    assertEquals(last.length, separateNorm ? 16 : 8);
    const x = Tensor.from(device, drawn(2 * 8 * 8 * 3, 4, (random) => random.normal()), [2, 8, 8, 3]);
    const featuresOf = (pass: "dense" | "gated") => encoder.evaluate(pass, x).features.toFloat32();
    assertEquals(featuresOf("gated"), featuresOf("dense"));
    for (const [name, { value }] of encoder.parameters()) {
      if (/conv[12]\.weight/.test(name) && name.startsWith("layer")) value.fill(3);
    }
    encoder.freeCopies();
    assertEquals(featuresOf("dense"), featuresOf("gated"));
  });
}

Deno.test("copied norms make both passes equal while all gates are open", () => {
  using device = openDevice();
  using _scope = new Scope();
  using encoder = encoderOf(device, { gated: true, separateNorm: true, zeroInitResidual: true, hasOpening: true });
  encoder.setOpening(1000);
  // The dense norms leave their beginning, statistics among it: every value in 0.5..1.5.
  for (const [index, [name, tensor]] of [...encoder.state()].entries()) {
    if (/\.bn[12]\./.test(name)) tensor.write(drawn(tensor.size, index, (random) => 0.5 + random.uniform()));
  }
  const x = Tensor.from(device, drawn(2 * 8 * 8 * 3, 4, (random) => random.normal()), [2, 8, 8, 3]);
  const featuresOf = (pass: "dense" | "gated") => encoder.evaluate(pass, x).features.toFloat32();
  const dense = featuresOf("dense");
  // The kernels of gated passes round in another order.
  const farthest = () =>
    Math.max(...featuresOf("gated").map((value, index) => Math.abs(value - (dense[index] ?? NaN))));
  assert(farthest() > 0.1);
  encoder.copyNorms();
  assert(farthest() < 1e-4);
  assertEquals(featuresOf("dense"), dense);
});
