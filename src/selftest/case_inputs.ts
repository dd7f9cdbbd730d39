/**
 * Draws the inputs of operation cases.
 *
 * @module
 */
import type { HostArray } from "../device/mod.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { type DType, elementCount } from "../tensor/mod.ts";

/** An input of a case. */
export interface CaseInput {
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** Element type. */
  readonly dtype: DType;
  /** Draws `count` values. */
  draw(random: RandomStream, count: number): HostArray;
}

/** Larger inputs repeat this many drawn values: benchmarks need large inputs, but not all values different. */
const DRAWN_AT_MOST = 1 << 16;

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The 16 bits of the bf16 number nearest to a finite value, ties to even. */
export function bf16Bits(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0] ?? 0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The value of 16 bits of bf16. */
export function bf16Value(bits: number): number {
  scratchBits[0] = (bits << 16) >>> 0;
  return scratch[0] ?? 0;
}

/** Host data as float64: bf16 is decoded from its bits. */
export function toFloat64(data: HostArray): Float64Array {
  return data instanceof Uint16Array ? Float64Array.from(data, bf16Value) : Float64Array.from(data);
}

function f32(shape: readonly number[], value: (random: RandomStream) => number): CaseInput {
  return {
    shape,
    dtype: "f32",
    draw: (random, count) => Float32Array.from({ length: count }, () => value(random)),
  };
}

/** Normal values with a standard deviation (1 by default) and mean 0. */
export function normal(shape: readonly number[], deviation = 1): CaseInput {
  return f32(shape, (random) => deviation * random.normal());
}

/** Values evenly distributed between two bounds. */
export function uniform(shape: readonly number[], low: number, high: number): CaseInput {
  return f32(shape, (random) => low + (high - low) * random.uniform());
}

/** Values of both signs with a magnitude of 0.25 to 1.25: for operations with a kink or a pole at 0. */
export function awayFromZero(shape: readonly number[]): CaseInput {
  return f32(shape, (random) => {
    const sign = random.uniform() < 0.5 ? -1 : 1;
    return sign * (0.25 + random.uniform());
  });
}

/** Values between -1 and 1 in random order, at least 2 / count apart: for maxima. */
export function distinct(shape: readonly number[]): CaseInput {
  return {
    shape,
    dtype: "f32",
    draw: (random, count) => Float32Array.from(random.permutation(count), (rank) => (2 * rank + 1) / count - 1),
  };
}

/** Zeros and ones; `probability` is that of a one. */
export function bits(shape: readonly number[], probability: number): CaseInput {
  return f32(shape, (random) => Number(random.uniform() < probability));
}

/** Whole numbers in 0..below-1, as i32. */
export function integers(shape: readonly number[], below: number): CaseInput {
  return {
    shape,
    dtype: "i32",
    draw: (random, count) => Int32Array.from({ length: count }, () => random.integer(below)),
  };
}

/** Bytes, all values equally likely. */
export function bytes(shape: readonly number[]): CaseInput {
  return {
    shape,
    dtype: "u8",
    draw: (random, count) => Uint8Array.from({ length: count }, () => random.integer(256)),
  };
}

/** The given values, as f32. */
export function given(shape: readonly number[], values: readonly number[]): CaseInput {
  return { shape, dtype: "f32", draw: () => Float32Array.from(values) };
}

/** The given whole numbers, as i32. */
export function givenIntegers(shape: readonly number[], values: readonly number[]): CaseInput {
  return { shape, dtype: "i32", draw: () => Int32Array.from(values) };
}

/** An f32 input, rounded to bf16. */
export function asBf16(input: CaseInput): CaseInput {
  return {
    shape: input.shape,
    dtype: "bf16",
    draw: (random, count) => Uint16Array.from(input.draw(random, count), bf16Bits),
  };
}

/** An f32 input whose values bf16 represents exactly. */
export function representable(input: CaseInput): CaseInput {
  return {
    shape: input.shape,
    dtype: "f32",
    draw: (random, count) => Float32Array.from(input.draw(random, count), (value) => bf16Value(bf16Bits(value))),
  };
}

/** The 32-bit hash FNV-1a (Fowler, Noll, Vo) of a text's characters. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return state;
}

function repeated(data: HostArray, count: number): HostArray {
  const Kind = data.constructor as new (length: number) => HostArray;
  const result = new Kind(count);
  for (let start = 0; start < count; start += data.length) {
    result.set(data.subarray(0, Math.min(data.length, count - start)), start);
  }
  return result;
}

/** The values of an input. They depend on `name` alone, which consists of the names of the case and of the input. */
export function drawInput(input: CaseInput, name: string): HostArray {
  const count = elementCount(input.shape);
  const data = input.draw(new RandomStream(hash(name), Streams.selftest, 0), Math.min(count, DRAWN_AT_MOST));
  return count > data.length ? repeated(data, count) : data;
}
