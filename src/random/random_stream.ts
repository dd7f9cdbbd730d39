/**
 * Draws a sequence of random numbers from an address (seed, stream, step): the same address always gives the same
 * numbers.
 *
 * @module
 */

import { InvalidInputError } from "../errors.ts";
import { philox4x32 } from "./philox.ts";

const UINT32_LIMIT = 0x1_0000_0000;

/**
 * Draws numbers from the Philox blocks 0, 1, 2, ... of one address, word by word. Word i is the word that
 * `sl_philox_uniform` uses for its element i.
 *
 * @example
 * ```ts
 * import { RandomStream, Streams } from "@sluice/sluice/random";
 *
 * const order = new RandomStream(0, Streams.shuffle, 3).permutation(50_000); // epoch 3 of seed 0
 * ```
 */
export class RandomStream {
  readonly #seedLow: number;
  readonly #seedHigh: number;
  readonly #counter = new Uint32Array(4);
  readonly #words = new Uint32Array(4);
  #used = 4;
  #spareNormal: number | null = null;

  /**
   * Starts the stream of an address.
   *
   * @param seed A whole number from 0 to 2^53 - 1, or a bigint from 0 to 2^64 - 1.
   * @param stream uint32, one of `Streams` or a `streamOf`.
   * @param step uint32: a training step, an epoch, an image's index.
   * @throws {InvalidInputError} If an argument is out of range.
   */
  constructor(seed: number | bigint, stream: number, step: number) {
    if (typeof seed === "number" && !Number.isSafeInteger(seed)) {
      throw new InvalidInputError(`seed ${seed}: give a whole number from 0 to 2^53 - 1`);
    }
    const key = BigInt(seed);
    if (key < 0n || key >= 1n << 64n) {
      throw new InvalidInputError(`seed ${seed}: give a whole number from 0 to 2^64 - 1`);
    }
    checkUint32("stream", stream);
    this.#seedLow = Number(key & 0xffff_ffffn);
    this.#seedHigh = Number(key >> 32n);
    this.#counter[1] = stream;
    this.restart(step);
  }

  /**
   * Goes to the beginning of another step with the same seed and stream, as a new object would, in less time.
   *
   * @param step uint32.
   * @throws {InvalidInputError} If it is out of range.
   */
  restart(step: number): void {
    checkUint32("step", step);
    this.#counter[0] = 0;
    this.#counter[2] = step;
    this.#used = 4;
    this.#spareNormal = null;
  }

  /** The next 32 random bits, a whole number in 0..2^32 - 1. */
  uint32(): number {
    if (this.#used === 4) {
      philox4x32(this.#seedLow, this.#seedHigh, this.#counter, this.#words);
      this.#counter[0] = (this.#counter[0] ?? 0) + 1;
      this.#used = 0;
    }
    return this.#words[this.#used++] ?? 0;
  }

  /**
   * Uniform in the open interval (0, 1): ((bits >> 8) + 0.5) 2^-24 as a double. It has 25 significant bits. float32
   * rounds values above one half, and the largest value to 1: beware of storing them as float32.
   */
  uniform(): number {
    return ((this.uint32() >>> 8) + 0.5) * 2 ** -24;
  }

  /**
   * Standard normal, by the Box-Muller transform. Two uniforms give two normals; the second is kept for the next
   * call.
   */
  normal(): number {
    if (this.#spareNormal !== null) {
      const spare = this.#spareNormal;
      this.#spareNormal = null;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /**
   * A whole number in 0..n-1, each equally likely: draws again if the bits lie beyond the last multiple of n.
   *
   * @param n 1..2^32.
   * @throws {InvalidInputError} If n is not in that range.
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > UINT32_LIMIT) {
      throw new InvalidInputError(`cannot draw a whole number below ${n}: the bound must be from 1 to 2^32`);
    }
    const limit = UINT32_LIMIT - (UINT32_LIMIT % n);
    let bits = this.uint32();
    while (bits >= limit) bits = this.uint32();
    return bits % n;
  }

  /**
   * A random order of 0..n-1, by the Fisher-Yates shuffle.
   *
   * @param n 0..2^31 - 1.
   * @returns Int32 [n].
   */
  permutation(n: number): Int32Array<ArrayBuffer> {
    const order = new Int32Array(n);
    for (let index = 1; index < n; index++) order[index] = index;
    for (let last = n - 1; last > 0; last--) {
      const chosen = this.integer(last + 1);
      const moved = order[last] ?? 0;
      order[last] = order[chosen] ?? 0;
      order[chosen] = moved;
    }
    return order;
  }
}

function checkUint32(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= UINT32_LIMIT) {
    throw new InvalidInputError(`random ${name} ${value} is out of range: use a whole number from 0 to 2^32 - 1`);
  }
}
