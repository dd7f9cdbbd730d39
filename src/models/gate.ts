/**
 * A gate of a block: decides for each image which channels a convolution computes.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { MisuseError } from "../errors.ts";
import { gateDecide, gateSample, gateThreshold, globalPool, repeatColumns } from "../ops/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";
import { BatchNorm, type Initialiser, Linear, Module } from "../nn/mod.ts";
import type { ForwardContext } from "./forward_context.ts";
import type { GateSpec } from "./spec.ts";

/** The masks of a gate in training, each [N, C] f32 of 0 and 1. */
export interface SampledMask {
  /** Drawn with noise; the pass multiplies by it. */
  readonly mask: Tensor;
  /** Decided without noise, as in evaluation but with the norm's statistics of the batch. */
  readonly noiseFree: Tensor;
}

/** A gate, whatever it decides by. */
export interface BlockGate extends Module {
  /** What is added to the gate's logits; null if nothing ever is. */
  readonly opening: number | null;
  /** Sets what is added to the logits. @throws {MisuseError} if nothing ever is. */
  setOpening(opening: number): void;
  /**
   * Training: the masks for the block's input x [N, H, W, I].
   *
   * @param index the gate's place in the network, which addresses its noise.
   */
  sample(context: ForwardContext, x: Tensor, index: number): SampledMask;
  /** Evaluation: the mask [N, C] of 0 and 1. @param pooled means over the pixels of the block's input, [N, I]. */
  decide(pooled: Tensor): Tensor;
}

/** How the logits of gates begin, and what is added to them. */
export interface GateOptions {
  /** Initial value of the logits' biases, which are trained; null for logits without biases, as in the paper. */
  readonly gateBias?: number | null;
  /** Whether a number is added to all logits that training sets and does not learn; false by default. */
  readonly hasOpening?: boolean;
}

/**
 * Global average pool, linear I -> I/4, norm, relu, linear -> C / group: one logit for each group of neighbouring
 * channels. Training draws the group's bit; evaluation takes [logit >= 0].
 */
export class Gate extends Module implements BlockGate {
  readonly #fc1: Linear;
  readonly #norm: BatchNorm;
  readonly #fc2: Linear;
  readonly #group: number;
  /** Added to the logits [C / group]; null if nothing is. It is saved with the state, because evaluation needs it. */
  readonly #opening: Tensor | null;

  /** Draws the weights, which do not decay. @throws {MisuseError} if logits have both biases and an opening. */
  constructor(
    device: Device,
    initialiser: Initialiser,
    { inChannels, channels, hidden, group }: Pick<GateSpec, "inChannels" | "channels" | "hidden" | "group">,
    { gateBias = null, hasOpening = false }: GateOptions = {},
  ) {
    super();
    if (gateBias !== null && hasOpening) throw new MisuseError("a gate has biases or an opening, not both");
    const layer = (inFeatures: number, outFeatures: number, biases: Float32Array<ArrayBuffer> | null) => {
      const weight = initialiser.kaimingNormal(outFeatures * inFeatures, outFeatures);
      return new Linear(device, { inFeatures, outFeatures }, weight, biases, { decay: false });
    };
    this.#fc1 = this.child("fc1", layer(inChannels, hidden, null));
    this.#norm = this.child("bn", new BatchNorm(device, hidden));
    const logits = channels / group;
    const biases = gateBias === null ? null : new Float32Array(logits).fill(gateBias);
    this.#fc2 = this.child("fc2", layer(hidden, logits, biases));
    this.#group = group;
    this.#opening = hasOpening ? this.buffer("opening", unscoped(() => Tensor.full(device, [logits], 0))) : null;
  }

  /** Sets what is added to the logits. @throws {MisuseError} if the gate was built without an opening. */
  setOpening(opening: number): void {
    if (this.#opening === null) throw new MisuseError("a gate without an opening cannot be opened");
    this.#opening.fill(opening);
  }

  /** What is added to the logits; null if the gate was built without an opening. Waits for the device. */
  get opening(): number | null {
    return this.#opening?.toFloat32()[0] ?? null;
  }

  get #bias(): Tensor | null {
    return this.#opening ?? this.#fc2.bias?.value ?? null;
  }

  /**
   * Training: draws the mask, [l + sigma g >= 0] for logits l, logistic noise g and the noise's scale sigma.
   *
   * @param x the block's input, [N, H, W, I].
   * @param index the gate's place in the network, which addresses its noise.
   * @returns the mask with the straight-through gradient, and the mask of the same logits without noise, which has no
   * gradient.
   */
  sample(context: ForwardContext, x: Tensor, index: number): SampledMask {
    const { tape, noise, collective } = context;
    const pooled = globalPool(tape, x);
    const hidden = this.#norm.forward(tape, this.#fc1.forward(tape, pooled), {
      training: true,
      relu: true,
      collective,
    });
    const logits = this.#fc2.forward(tape, hidden, {}, this.#bias);
    const noiseFree = gateThreshold(logits);
    const drawn = gateSample(tape, logits, noise.uniform(index, logits.shape), noise.setting);
    return { mask: this.#maskOf(tape, drawn), noiseFree: this.#maskOf(null, noiseFree) };
  }

  /**
   * Evaluation: the mask without noise.
   *
   * @param pooled means over the pixels of the block's input, [N, I].
   * @returns [N, C] of 0 and 1.
   */
  decide(pooled: Tensor): Tensor {
    const bits = gateDecide(pooled, {
      weight1: this.#fc1.weight.value,
      norm: this.#norm.norm,
      weight2: this.#fc2.weight.value,
      bias: this.#bias,
    });
    const mask = this.#maskOf(null, bits);
    if (mask !== bits) bits[Symbol.dispose]();
    return mask;
  }

  /** The mask [N, C] of the groups' bits [N, C / group]; the bits themselves for groups of one channel. */
  #maskOf(tape: Recorder, bits: Tensor): Tensor {
    return this.#group === 1 ? bits : repeatColumns(tape, bits, this.#group);
  }
}
