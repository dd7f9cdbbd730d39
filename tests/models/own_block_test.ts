/**
 * A kind of block that src does not know trains, counts and exports through the same code as the others.
 *
 * @module
 */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertStrictEquals,
  assertThrows,
  fail,
} from "@std/assert";
import type { Device } from "../../src/device/mod.ts";
import { ShapeError } from "../../src/errors.ts";
import { encodeEncoder } from "../../src/encoders/mod.ts";
import { readSafetensors } from "../../src/formats/mod.ts";
import {
  type BlockKind,
  blockSpecs,
  DualNetwork,
  encoderState,
  gatedMacs,
  gatedTerms,
  loadTorchState,
  networkCost,
  type Pass,
  smallestBudget,
  termShares,
  toTorchState,
} from "../../src/models/mod.ts";
import { vicreg } from "../../src/objectives/mod.ts";
import { philoxUniform } from "../../src/ops/mod.ts";
import { optimizerOf } from "../../src/optim/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { trainingStep } from "../../src/training/step.ts";
import type { StepConfig } from "../../src/training/step_inputs.ts";
import { openDevice } from "../devices.ts";
import { withFolder } from "../folders.ts";
import { ownBlock, ownSpec } from "./own_block.ts";

type Weights = ReturnType<typeof toTorchState>;

const BATCH = 8;

function build(device: Device): DualNetwork {
  return new DualNetwork(device, { spec: ownSpec, projector: 16, seed: 3, gated: true, separateNorm: true });
}

function images(device: Device, stream: number): Tensor {
  const random = new RandomStream(5, stream, 0);
  const { image } = ownSpec;
  const values = Float32Array.from({ length: BATCH * image ** 2 * 3 }, () => random.normal());
  return Tensor.from(device, values, [BATCH, image, image, 3]);
}

/** One step by plain SGD, always with the same views and noise: its scalars. With rate 0 the weights stay. */
function step(device: Device, network: DualNetwork, mode: StepConfig["mode"], rate: number): Record<string, number> {
  using _scope = new Scope();
  using optimizer = optimizerOf("sgd", device, new Map(network.parameters()), { momentum: 0 });
  const cost = networkCost(ownSpec);
  const trainee = { network, objective: vicreg(), momentum: null, optimizer, cost, [Symbol.dispose]: () => {} };
  using report = trainingStep(trainee, {
    mode,
    symmetric: false,
    gateWarmup: 0,
    budget: 0.6,
    budgetRule: "paper",
    epochs: 100,
    gateTemperature: 2 / 3,
    gateTemperatureEnd: null,
    bounds: true,
    boundAlpha: 0,
  }, {
    views: [images(device, 60), images(device, 61)],
    epoch: 0,
    rate,
    noise: (pass) => ({
      uniform: (gate, shape) => philoxUniform(device, { seed: 1, step: 0, stream: 16 * pass + gate }, shape),
    }),
  });
  return report.read();
}

/** The gradient of a step: SGD of rate 1 leaves -gradient in the weights. */
function gradientOf(device: Device, weights: Weights, mode: StepConfig["mode"]): Map<string, Float64Array> {
  using network = build(device);
  loadTorchState(network, weights);
  step(device, network, mode, 1);
  const after = toTorchState(network);
  const names = [...network.parameters()].map(([name]) => name);
  return new Map(names.map((name) => {
    const moved = after.get(name)?.data ?? [];
    return [name, Float64Array.from(weights.get(name)?.data ?? [], (value, at) => value - (moved[at] ?? NaN))];
  }));
}

/** The loss with one tensor moved along a direction. */
function lossAt(
  device: Device,
  weights: Weights,
  mode: StepConfig["mode"],
  name: string,
  move: (at: number) => number,
): number {
  using network = build(device);
  const tensor = weights.get(name) ?? fail(name);
  const data = Float32Array.from(tensor.data, (value, at) => value + move(at));
  loadTorchState(network, new Map([...weights, [name, { dtype: "f32", shape: tensor.shape, data }]]));
  return step(device, network, mode, 0)["loss"] ?? NaN;
}

// Gates are straight-through: only weights behind the last gates' input have a gradient that differences of the loss
// give.
for (
  const [mode, names] of [
    ["vanilla", ["conv1.weight", "layer1.0.conv1.weight", "layer2.0.conv2.weight", "layer2.0.bn2.bias"]],
    ["gated", ["layer3.0.conv1.weight", "layer3.0.conv2.weight", "layer3.0.conv3.weight", "layer3.0.gated_bn2.weight"]],
  ] as const
) {
  Deno.test(`own blocks: gradients of a ${mode} step equal differences of its loss`, () => {
    using device = openDevice();
    using initial = build(device);
    const weights = toTorchState(initial);
    const gradients = gradientOf(device, weights, mode);
    for (const [name, gradient] of gradients) assert(gradient.every(Number.isFinite), name);
    for (const name of names) {
      const gradient = gradients.get(name) ?? fail(name);
      const length = Math.hypot(...gradient);
      assertGreater(length, 0, name);
      const size = Math.hypot(...(weights.get(name)?.data ?? []));
      // Large against the rounding of the loss, small against the curvature.
      const distance = 1e-4 * Math.max(size, 1);
      const along = (sign: number) =>
        lossAt(device, weights, mode, name, (at) => sign * distance * (gradient[at] ?? NaN) / length);
      const difference = (along(1) - along(-1)) / (2 * distance);
      assertAlmostEquals(difference, length, 0.01 * length, `${name}: ${difference}, not ${length}`);
    }
  });
}

Deno.test("own blocks: ten steps of both passes lower the loss, and every term stays finite", () => {
  using device = openDevice();
  using network = build(device);
  const losses = Array.from({ length: 10 }, () => {
    const terms = step(device, network, "dual", 0.02);
    for (const [name, value] of Object.entries(terms)) assert(Number.isFinite(value), `${name} is ${value}`);
    return terms["loss"] ?? NaN;
  });
  assertLess(losses.at(-1) ?? NaN, losses[0] ?? NaN, losses.join());
});

Deno.test("own blocks: MACs, gates and parameters are those counted by hand", () => {
  const cost = networkCost(ownSpec);
  assertEquals(cost.stem, 9 * 3 * 8 * 144);
  // Channels 8, 16, 32 on maps of 12, 6, 3 pixels a side; outputs are twice as many, and become the next input.
  const expected = [
    { inputs: 8, channels: 8, pixels: 144 },
    { inputs: 16, channels: 16, pixels: 36 },
    { inputs: 32, channels: 32, pixels: 9 },
  ].map(({ inputs, channels, pixels }, block) => {
    const convolutions = [
      9 * inputs * channels * pixels,
      9 * channels * channels * pixels,
      2 * channels * channels * pixels,
    ];
    const [conv1 = NaN, conv2 = NaN, conv3 = NaN] = convolutions;
    const [first, second] = [2 * block, 2 * block + 1];
    return {
      name: `layer${block + 1}.0`,
      convolutions,
      shortcut: inputs * 2 * channels * pixels,
      gate: 2 * (inputs * inputs / 4 + inputs / 4 * channels),
      gated: [
        { macs: conv1, gates: [first] },
        { macs: conv2, gates: [first, second] },
        { macs: conv3, gates: [second] },
      ],
    };
  });
  assertEquals<unknown>(cost.blocks, expected);
  assertEquals(cost.macs, 31_104 + (82_944 + 82_944 + 18_432 + 18_432) + 2 * (82_944 + 18_432) + 2 * (82_944 + 18_432));
  assertEquals(cost.gateMacs, 2 * (16 + 16) + 2 * (64 + 64) + 2 * (256 + 256));
  // Weights and norms of stem, convolutions and shortcuts.
  const params = [8, 16, 32].map((c) => 9 * c * c + 9 * c * c + 2 * c * c + 2 * c * c + 2 * (c + c + 2 * c + 2 * c));
  assertStrictEquals(cost.params, params.reduce((sum, own) => sum + own, 27 * 8 + 2 * 8));
  // With a quarter and a half of the channels open: 1/4 of conv1, 1/8 of conv2, 1/2 of conv3.
  const shares = termShares(cost, [0.25, 0.5, 0.25, 0.5, 0.25, 0.5]);
  assertEquals(shares.slice(0, 3), [0.25, 0.125, 0.5]);
  const fixed = 31_104 + 3 * 18_432 + cost.gateMacs;
  assertEquals(gatedTerms(cost).length, 9);
  assertEquals(gatedMacs(cost, shares), fixed + 3 * (82_944 / 4 + 82_944 / 8 + 18_432 / 2));
  assertEquals(smallestBudget(ownSpec), fixed / cost.macs);
});

const exported =
  "own blocks: an exported encoder has torchvision's names, and gives the same features when it is loaded";
Deno.test(
  exported,
  withFolder((folder) => {
    using device = openDevice();
    using _scope = new Scope();
    using network = build(device);
    // Norms of both passes differ after a few steps.
    for (let index = 0; index < 3; index++) step(device, network, "dual", 0.02);
    const x = images(device, 62);
    for (const pass of ["dense", "gated"] satisfies Pass[]) {
      const path = `${folder}/${pass}.safetensors`;
      const description = {
        spec: ownSpec,
        network: pass,
        mean: [0, 0, 0],
        std: [1, 1, 1],
        transform: { asIs: 12, resize: 14 },
        step: 3,
        version: "0",
      } as const;
      const golden = { image: new Uint8Array(12 * 12 * 3), features: new Float32Array(32) };
      Deno.writeFileSync(path, encodeEncoder(encoderState(network.encoder, pass), description, golden));
      const { tensors, metadata } = readSafetensors(path);
      assertEquals(metadata["arch"], "own");
      const block = blockSpecs(ownSpec)[1]?.name ?? "";
      const names = [...tensors.keys()].filter((name) => name.startsWith(`${block}.`) && !name.includes("running"));
      const convolutions = [1, 2, 3].flatMap((n) => [`conv${n}.weight`, `bn${n}.weight`, `bn${n}.bias`]);
      const shortcut = ["downsample.0.weight", "downsample.1.weight", "downsample.1.bias"];
      const gates = [1, 2].flatMap((n) =>
        ["fc1.weight", "bn.weight", "bn.bias", "fc2.weight"].map((of) => `gate${n}.${of}`)
      );
      const expected = [...convolutions, ...shortcut, ...(pass === "gated" ? gates : [])];
      assertEquals(names.sort(), expected.map((name) => `${block}.${name}`).sort());
      assertEquals(tensors.get(`${block}.conv3.weight`)?.shape, [32, 16, 1, 1]);

      using loaded = new DualNetwork(device, {
        spec: ownSpec,
        projector: 16,
        seed: 9,
        gated: pass === "gated",
        separateNorm: false,
      });
      loadTorchState(loaded.encoder, tensors);
      const features = network.encoder.evaluate(pass, x).features.toFloat32();
      assertEquals(loaded.encoder.evaluate(pass, x).features.toFloat32(), features);
    }
  }),
);

Deno.test("a kind of block with a mask behind its last row, or with other strides, is refused by its name", () => {
  const refusal = (table: BlockKind["table"]) => {
    const arch = { name: "bad", blocks: [1, 1], kind: { ...ownBlock, table } };
    return assertThrows(() => blockSpecs({ arch, width: 8 }), ShapeError).message;
  };
  const masked = refusal((channels, stride) => ownBlock.table(channels, stride).map((of) => ({ ...of, masked: true })));
  assertMatch(masked, /"3x3, 3x3, 1x1".*last row must be unmasked/);
  const unstrided = refusal((channels) => ownBlock.table(channels, 1));
  assertMatch(unstrided, /"3x3, 3x3, 1x1".*multiply to 1; make it the block's 2/);
  assertMatch(refusal(() => []), /last row/);
});
