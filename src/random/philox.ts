/**
 * The Philox4x32-10 counter-based generator: 128 random bits from a 64-bit key, 128 bits of counter, no state.
 *
 * Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). The native libraries hold the same function
 * (`sl_philox_uniform`), so that every device draws the same bits.
 *
 * @module
 */

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const KEY_INCREMENT_0 = 0x9e3779b9;
const KEY_INCREMENT_1 = 0xbb67ae85;

/** The upper 32 bits of the 64-bit product of two uint32, from four products of 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const cross1 = Math.imul(aHigh, bLow);
  const cross2 = Math.imul(aLow, bHigh);
  const carry = (Math.imul(aLow, bLow) >>> 16) + (cross1 & 0xffff) + (cross2 & 0xffff);
  return (Math.imul(aHigh, bHigh) + (cross1 >>> 16) + (cross2 >>> 16) + (carry >>> 16)) | 0;
}

/**
 * One Philox4x32-10 block.
 *
 * @param seedLow Lower 32 bits of the key, a uint32.
 * @param seedHigh Upper 32 bits of the key, a uint32.
 * @param counter Four uint32; sluice uses `(block, stream, step, 0)`.
 * @param output Receives four uint32; a new array by default.
 * @returns `output`.
 */
export function philox4x32(
  seedLow: number,
  seedHigh: number,
  counter: ArrayLike<number>,
  output: Uint32Array = new Uint32Array(4),
): Uint32Array {
  // All arithmetic is int32, which has the same bits. The output array makes them unsigned.
  let key0 = seedLow | 0;
  let key1 = seedHigh | 0;
  let c0 = (counter[0] ?? 0) | 0;
  let c1 = (counter[1] ?? 0) | 0;
  let c2 = (counter[2] ?? 0) | 0;
  let c3 = (counter[3] ?? 0) | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ key0;
    c1 = low1;
    c2 = high0 ^ c3 ^ key1;
    c3 = low0;
    key0 = (key0 + KEY_INCREMENT_0) | 0;
    key1 = (key1 + KEY_INCREMENT_1) | 0;
  }
  output[0] = c0;
  output[1] = c1;
  output[2] = c2;
  output[3] = c3;
  return output;
}
