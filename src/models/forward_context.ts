/**
 * The context of a forward pass: tape, pass, noise and temperature of the gates.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { type Collective, type NoiseAddress, philoxUniform } from "../ops/mod.ts";
import { streamOf, Streams } from "../random/mod.ts";
import { Tensor } from "../tensor/mod.ts";

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

/** The gates' noise with its scale sigma, and the gates' temperature tau. */
export interface GateNoise extends NoiseSource {
  /**
   * [1 / sigma, tau / sigma] f32: [(l + sigma g) / tau] is [(l / sigma + g) / (tau / sigma)], so that one operation
   * samples at every scale.
   */
  readonly setting: Tensor;
}

/** Scale and temperature of the gates' noise. */
export interface NoiseScaling {
  /** tau, above 0. */
  readonly temperature: number;
  /** sigma, the factor of the noise; 0 for gates without noise. Defaults to 1. */
  readonly scale?: number | undefined;
}

/** A training pass. */
export interface ForwardContext {
  /** Records the pass; null for a pass without gradients. */
  readonly tape: Recorder;
  /** The encoder. */
  readonly pass: Pass;
  /** The gates' noise. */
  readonly noise: GateNoise;
  /** Exchanges statistics between the run's processes; a single process by default. */
  readonly collective?: Collective | undefined;
}

/** A draw of u = 1/2 is noise of 0: log u - log(1 - u) = 0. */
const NO_NOISE = 0.5;
/** Noise of a smaller scale is left out: logits divided by it would leave the range of f32. */
const SILENT = 1e-6;

/** Uploads scale and temperature of the noise; the result gives them to the noise of each pass. */
export function scaledNoise(
  device: Device,
  { temperature, scale = 1 }: NoiseScaling,
): (noise: NoiseSource) => GateNoise {
  const isSilent = scale < SILENT;
  const divisor = isSilent ? 1 : scale;
  const setting = Tensor.from(device, Float32Array.of(1 / divisor, temperature / divisor), [2]);
  return ({ uniform }) => ({
    uniform: isSilent ? (_gate, shape) => Tensor.full(device, shape, NO_NOISE) : uniform,
    setting,
  });
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
