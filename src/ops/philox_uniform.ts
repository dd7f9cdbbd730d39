/**
 * Uniform random numbers, drawn on the device.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { Tensor } from "../tensor/mod.ts";

/** Which random numbers to draw: the same address always gives the same numbers. */
export interface NoiseAddress {
  /** The run's seed, a natural number below 2^53. */
  readonly seed: number;
  /** The purpose of the numbers, one of {@linkcode Streams}. */
  readonly stream: number;
  /** The training step. */
  readonly step: number;
  /** Skips the first `4 * firstBlock` numbers of the stream; 0 by default. */
  readonly firstBlock?: number;
}

/**
 * Numbers ((bits >> 8) + 0.5) 2^-24 with bits from Philox4x32-10 (Salmon et al. 2011), rounded to f32 and so in (0, 1].
 * They are those of `RandomStream.uniform`, rounded to f32.
 *
 * @returns f32 of the given shape.
 */
export function philoxUniform(device: Device, address: NoiseAddress, shape: readonly number[]): Tensor {
  const y = new Tensor(device, shape);
  const { seed, stream, step, firstBlock = 0 } = address;
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  device.kernels.sl_philox_uniform(seed >>> 0, high, stream, step, firstBlock, y.size, y.pointer);
  return y;
}
