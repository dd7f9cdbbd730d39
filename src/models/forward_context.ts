/**
 * The context of a forward pass: tape, pass, noise and temperature of the gates.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { type Collective, type NoiseAddress, philoxUniform } from "../ops/mod.ts";
import { streamOf, Streams } from "../random/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** The encoder that a pass computes. */
export type Pass = "dense" | "gated";

/** The gates' noise. */
export interface NoiseSource {
  /**
   * Uniform numbers for one gate, one for each image and logit.
   *
   * @param gate the gate's place in the network, from 0.
   * @param shape [N, C / group].
   * @returns f32 in (0, 1].
   */
  uniform(gate: number, shape: readonly number[]): Tensor;
}

/** A training pass. */
export interface ForwardContext {
  /** Records the pass; null for a pass without gradients. */
  readonly tape: Recorder;
  /** The encoder. */
  readonly pass: Pass;
  /** The gates' noise. */
  readonly noise: NoiseSource;
  /** sigma, the factor of the gates' noise; 0 for gates without noise. Defaults to 1. */
  readonly noiseScale?: number | undefined;
  /** Temperature of the gates. */
  readonly temperature: number;
  /** Exchanges statistics between the run's processes; a single process by default. */
  readonly collective?: Collective | undefined;
}

/** The most gates of a network: each pass has this many streams of its own. */
const GATES_PER_PASS = 256;

/**
 * The noise of the `pass`-th pass of a step. Each gate's numbers are the same on every device and when the step is
 * repeated.
 */
export function philoxNoise(device: Device, address: Omit<NoiseAddress, "stream">, pass: number): NoiseSource {
  return {
    uniform: (gate, shape) =>
      philoxUniform(device, { ...address, stream: streamOf(Streams.gate, pass * GATES_PER_PASS + gate) }, shape),
  };
}
