/**
 * Batch norm in groups: the same as one call for each group, bit for bit, and merged over processes group by group.
 *
 * @module
 */
import { assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { normalisedError, Tape } from "../../src/autograd/mod.ts";
import { batchNorm, type Collective, concatRows, type NormOptions, type NormState } from "../../src/ops/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();
const channels = 5;
const shape = [4, 3, 2, channels];

function values(seed: number, count: number): Float32Array<ArrayBuffer> {
  const random = new RandomStream(seed, 50, 0);
  return Float32Array.from({ length: count }, () => random.normal());
}

function leaf(seed: number, shape: readonly number[]): Tensor {
  const tensor = Tensor.from(device, values(seed, shape.reduce((product, size) => product * size, 1)), shape);
  tensor.requiresGrad = true;
  return tensor;
}

function newNorm(): NormState {
  return {
    gamma: leaf(1, [channels]),
    beta: leaf(2, [channels]),
    runningMean: Tensor.full(device, [channels], 0),
    runningVar: Tensor.full(device, [channels], 1),
    epsilon: 1e-5,
    momentum: 0.1,
  };
}

interface Part {
  readonly x: Tensor;
  readonly seed: Tensor;
  readonly residual?: Tensor;
  readonly mask?: Tensor;
}

function partsWith(fused: "residual" | "mask"): Part[] {
  return [0, 10].map((first) => ({
    x: leaf(first + 3, shape),
    seed: Tensor.from(device, values(first + 4, 4 * 3 * 2 * channels), shape),
    ...(fused === "residual" ? { residual: leaf(first + 5, shape) } : { mask: leaf(first + 6, [4, channels]) }),
  }));
}

/** Output, running statistics and gradients of a norm called on each of a list of parts in turn. */
function results(parts: readonly Part[], options: Omit<NormOptions, "training">): Record<string, Float32Array> {
  const norm = newNorm();
  const tape = new Tape();
  const outputs = parts.map(({ x, residual, mask }) =>
    batchNorm(tape, x, norm, { ...options, training: true, relu: true, residual, mask })
  );
  const joined = (tensors: readonly (Tensor | undefined)[]) =>
    concatRows(null, tensors.filter((tensor) => tensor !== undefined)).toFloat32();
  const y = joined(outputs);
  tape.backward(outputs, parts.map(({ seed }) => seed));
  return {
    y,
    runningMean: norm.runningMean.toFloat32(),
    runningVar: norm.runningVar.toFloat32(),
    dx: joined(parts.map(({ x }) => tape.gradient(x))),
    dfused: joined(parts.map(({ residual, mask }) => tape.gradient(residual ?? mask ?? norm.beta))),
    dgamma: joined([tape.gradient(norm.gamma)]),
    dbeta: joined([tape.gradient(norm.beta)]),
  };
}

/** Several parts as one. */
function together(parts: readonly Part[]): Part {
  const joined = (tensors: readonly (Tensor | undefined)[]) => {
    const tensor = concatRows(null, tensors.filter((tensor) => tensor !== undefined));
    tensor.requiresGrad = true;
    return tensor;
  };
  const [first] = parts;
  return {
    x: joined(parts.map(({ x }) => x)),
    seed: joined(parts.map(({ seed }) => seed)),
    ...(first?.residual && { residual: joined(parts.map(({ residual }) => residual)) }),
    ...(first?.mask && { mask: joined(parts.map(({ mask }) => mask)) }),
  };
}

/** A second process that always has the same rows as this one. */
const twins: Collective = {
  size: 2,
  mergeStatistics: (statistics, count) => {
    const [mean, squares] = [0, 1].map((row) => statistics.toFloat32().subarray(row * channels, (row + 1) * channels));
    statistics.write(Float32Array.of(...mean ?? [], ...(squares ?? []).map((square) => 2 * square)));
    return 2 * count;
  },
  sum: (tensor) => tensor.write(tensor.toFloat32().map((value) => 2 * value)),
};

for (const fused of ["residual", "mask"] as const) {
  Deno.test(`a norm in two groups, with ${fused}, gives the bits of two calls in the groups' order`, () => {
    using _scope = new Scope();
    const parts = partsWith(fused);
    const grouped = results([together(parts)], { groups: 2 });
    assertEquals(grouped, results(parts, {}));
    const exchanged = results(parts.toReversed(), {});
    assertNotEquals(grouped.runningMean, exchanged.runningMean);
    assertNotEquals(grouped.y, results([together(parts)], {}).y);
  });

  Deno.test(`groups, with ${fused}, are merged with the same group of the other processes`, () => {
    using _scope = new Scope();
    const parts = [together(partsWith(fused))];
    const alone = results(parts, { groups: 2 });
    const merged = results(parts, { groups: 2, collective: twins });
    // Twice the same rows have the same mean and biased variance; the unbiased variance of the running statistics
    // differs.
    for (const name of ["y", "dx", "dfused", "dgamma", "dbeta", "runningMean"]) {
      const error = normalisedError(merged[name] ?? [], alone[name] ?? []);
      assertLess(error, 1e-12, `${name}: ${error}`);
    }
    assertNotEquals(merged.runningVar, alone.runningVar);
  });
}
