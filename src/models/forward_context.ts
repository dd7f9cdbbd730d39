/**
 * What a forward pass of a gated network needs to know besides its input.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { type Collective, type NoiseAddress, philoxUniform } from "../ops/mod.ts";
import { streamOf, Streams } from "../random/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** Which encoder a pass computes. */
export type Pass = "dense" | "gated";

/** Where the gates' noise comes from. */
export interface NoiseSource {
  /**
   * Uniform numbers for one gate.
   *
   * @param gate its place among the network's gates, from 0.
   * @param shape [N, C].
   * @returns f32 in (0, 1].
   */
  uniform(gate: number, shape: readonly number[]): Tensor;
}

/** A training pass. */
export interface ForwardContext {
  /** Records the pass; null where no gradients are wanted. */
  readonly tape: Recorder;
  /** Which encoder. */
  readonly pass: Pass;
  /** The gates' noise. */
  readonly noise: NoiseSource;
  /** Temperature of the gates. */
  readonly temperature: number;
  /** The other processes of the run. */
  readonly collective?: Collective | undefined;
}

/** Gates that one pass may have, so that passes draw from different streams. */
const GATES_PER_PASS = 256;

/**
 * The noise of a run: u of gate `gate` in the `pass`-th gated pass of `step` is the same on every device, and the same when
 * the step is replayed.
 */
export function philoxNoise(device: Device, address: Omit<NoiseAddress, "stream">, pass: number): NoiseSource {
  return {
    uniform: (gate, shape) =>
      philoxUniform(device, { ...address, stream: streamOf(Streams.gate, pass * GATES_PER_PASS + gate) }, shape),
  };
}
