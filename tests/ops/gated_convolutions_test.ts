/**
 * The two ways that gated convolutions are computed, and how one is chosen.
 *
 * @module
 */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { normalisedError } from "../../src/autograd/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { basicBlock, type BlockKind, bottleneckBlock } from "../../src/models/mod.ts";
import {
  cast,
  type ConvolutionRow,
  gatedConvolutions,
  gatedFullFrom,
  globalPool,
  maskedConvolutions,
  PackedWeights,
} from "../../src/ops/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const [batch, height, width, channels] = [3, 9, 7, 12];

/** x, operands with about half of the channels open, and a residual, drawn for the table. */
function drawn(device: Device, table: readonly ConvolutionRow[], stride: number, inChannels: number = channels) {
  const random = new RandomStream(7, 70, 0);
  const tensor = (shape: readonly number[], value: () => number) => {
    return Tensor.from(device, Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, value), shape);
  };
  const normal = (...shape: number[]) => tensor(shape, () => 0.3 * random.normal());
  const positive = (size: number) => tensor([size], () => 0.5 + random.uniform());
  const bits = (...shape: number[]) => tensor(shape, () => Number(random.uniform() < 0.5));
  let inputs = inChannels;
  const operands = table.map(({ kernel, outChannels, masked }) => {
    const weight = normal(outChannels, kernel, kernel, inputs);
    inputs = outChannels;
    return {
      weight,
      packed: new PackedWeights(),
      norm: {
        gamma: positive(outChannels),
        beta: normal(outChannels),
        runningMean: normal(outChannels),
        runningVar: positive(outChannels),
        epsilon: 1e-5,
        momentum: 0.1,
      },
      mask: masked ? bits(batch, outChannels) : undefined,
    };
  });
  const outSize = (size: number) => Math.floor((size - 1) / stride) + 1;
  return {
    x: normal(batch, height, width, inChannels),
    operands,
    residual: normal(batch, outSize(height), outSize(width), inputs),
  };
}

/** Makes the device deny kernels for any table, and lists the native calls. */
function observed(device: Device, denies: boolean): { calls: string[] } & Disposable {
  const calls: string[] = [];
  const observation = device.observe((name, parameters, call) => {
    calls.push(name);
    call();
    if (denies && name === "sl_gated_supports") (parameters[2] as Int32Array).fill(0);
  });
  return { calls, [Symbol.dispose]: () => observation[Symbol.dispose]() };
}

const kinds: readonly BlockKind[] = [basicBlock, bottleneckBlock];

for (const { name, table: tableOf } of kinds) {
  for (const stride of [1, 2]) {
    Deno.test(`a ${name} block of stride ${stride} is the same with its own kernels and by ordinary convolutions`, () => {
      const table = tableOf(8, stride);
      const results = [false, true].map((denies) => {
        using device = openDevice();
        using _scope = new Scope();
        const { x, operands, residual } = drawn(device, table, stride);
        using observation = observed(device, denies);
        const { y, pooled } = gatedConvolutions(x, table, operands, residual);
        assertEquals(pooled.toFloat32(), globalPool(null, y).toFloat32());
        const count = (name: string) => observation.calls.filter((call) => call === name).length;
        assertStrictEquals(count("sl_gated_forward"), denies ? 0 : 1);
        assertStrictEquals(count("sl_conv_forward"), denies ? table.length : 0);
        assertStrictEquals(count("sl_norm_apply"), denies ? table.length : 0);
        for (const { packed } of operands) packed.clear();
        return y.toFloat32();
      });
      const [own, ordinary] = results;
      assert(own && ordinary && normalisedError(own, ordinary) < 1e-10);
    });
  }
}

Deno.test("a device is asked once for each table, whatever the images are", () => {
  using device = openDevice();
  using _scope = new Scope();
  using observation = observed(device, false);
  for (
    const table of [basicBlock.table(8, 1), basicBlock.table(8, 1), basicBlock.table(8, 2), bottleneckBlock.table(8, 1)]
  ) {
    const { x, operands, residual } = drawn(device, table, table.some(({ stride }) => stride === 2) ? 2 : 1);
    gatedConvolutions(x, table, operands, residual);
    gatedConvolutions(x, table, operands, residual);
    for (const { packed } of operands) packed.clear();
  }
  assertEquals(observation.calls.filter((name) => name === "sl_gated_supports").length, 3);
});

Deno.test("ordinary convolutions without masks keep every channel, and free what they make", () => {
  using device = openDevice();
  using _scope = new Scope();
  const table = bottleneckBlock.table(8, 1);
  const { x, operands, residual } = drawn(device, table, 1);
  const open = operands.map((of) => ({ ...of, mask: of.mask && Tensor.full(device, of.mask.shape, 1) }));
  const masked = maskedConvolutions(x, table, open, residual).toFloat32();
  const before = device.memory().inUse;
  using y = maskedConvolutions(x, table, operands.map((of) => ({ ...of, mask: undefined })), residual);
  assertEquals(y.toFloat32(), masked);
  // 64 bytes are the smallest unit that memory is given out in.
  assertEquals(device.memory().inUse - before, Math.ceil(4 * y.size / 64) * 64);
  for (const { packed } of operands) packed.clear();
});

Deno.test("from how many open channels on an image is computed in full follows from the shape and the table", () => {
  using device = openDevice();
  const { kind, isa, bf16 } = device.description;
  const fullFrom = (table: readonly ConvolutionRow[]) => gatedFullFrom(device, [4, 16, 16, 32], "f32", table);
  const table = basicBlock.table(32, 1);
  assertEquals(fullFrom(table), kind === "cpu" && isa.startsWith("avx512") ? 21 : 33);
  // Whole vectors cost no more one by one.
  assertEquals(fullFrom(table.map((row) => (row.masked ? { ...row, group: 16 } : row))), 33);
  assertEquals(fullFrom(basicBlock.table(32, 2)), fullFrom(table));
  assertEquals(fullFrom(basicBlock.table(24, 2)), 25);
  assertEquals(fullFrom(bottleneckBlock.table(32, 1)), 33);
  // In bf16 single channels are multiplied in f32, and many of them cost more than all in bf16.
  const narrow = gatedFullFrom(device, [4, 16, 16, 32], "bf16", table);
  assertEquals(narrow, kind === "cpu" && bf16 ? 12 : fullFrom(table));
  // A table without kernels is computed in full by ordinary convolutions; the answer is about kernels of its own.
  assertEquals(fullFrom([...basicBlock.table(8, 1), ...basicBlock.table(8, 1)]), 9);
});

Deno.test("in bf16 the mean is that of the rounded result", () => {
  using device = openDevice();
  if (!device.description.bf16) return;
  using _scope = new Scope();
  // Computed in f32 and rounded, or in bf16 if the device has kernels for that, or both by image.
  const inVectors = basicBlock.table(16, 1).map((row) => (row.masked ? { ...row, group: 16 } : row));
  for (const table of [basicBlock.table(8, 1), basicBlock.table(16, 1), bottleneckBlock.table(16, 1), inVectors]) {
    const { x, operands, residual } = drawn(device, table, 1, 16);
    const { y, pooled } = gatedConvolutions(cast(null, x, "bf16"), table, operands, cast(null, residual, "bf16"));
    assertEquals(y.dtype, "bf16");
    assertEquals(pooled.toFloat32(), globalPool(null, y).toFloat32());
    for (const { packed } of operands) packed.clear();
  }
});

Deno.test("a call that fails leaves nothing in memory", () => {
  using device = openDevice();
  using _scope = new Scope();
  const table = basicBlock.table(8, 1);
  const { x, operands, residual } = drawn(device, table, 1);
  const refusal = new Error("refused");
  using _observation = device.observe((name, _parameters, call) => {
    if (name === "sl_gated_forward") throw refusal;
    call();
  });
  // The first call packs the weights, which stay.
  assertThrows(() => gatedConvolutions(x, table, operands, residual), Error, "refused");
  const before = device.memory().inUse;
  assertThrows(() => gatedConvolutions(x, table, operands, residual), Error, "refused");
  assertEquals(device.memory().inUse, before);
  for (const { packed } of operands) packed.clear();
});
