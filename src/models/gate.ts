/**
 * A gate of a block: decides for each image which channels a convolution computes.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { gateDecide, gateSample, gateThreshold, globalPool } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
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

/**
 * Global average pool, linear I -> I/4, norm, relu, linear -> C: one logit a channel. Training draws the channel's bit;
 * evaluation takes [logit >= 0].
 */
export class Gate extends Module {
  readonly #fc1: Linear;
  readonly #norm: BatchNorm;
  readonly #fc2: Linear;

  /**
   * Draws the weights, which do not decay.
   *
   * @param bias initial value of the logits' biases, which are trained; null for logits without biases, as in the
   * paper.
   */
  constructor(
    device: Device,
    initialiser: Initialiser,
    { inChannels, channels, hidden }: Pick<GateSpec, "inChannels" | "channels" | "hidden">,
    bias: number | null = null,
  ) {
    super();
    const layer = (inFeatures: number, outFeatures: number, biases: Float32Array<ArrayBuffer> | null) => {
      const weight = initialiser.kaimingNormal(outFeatures * inFeatures, outFeatures);
      return new Linear(device, { inFeatures, outFeatures }, weight, biases, { decay: false });
    };
    this.#fc1 = this.child("fc1", layer(inChannels, hidden, null));
    this.#norm = this.child("bn", new BatchNorm(device, hidden));
    const biases = bias === null ? null : new Float32Array(channels).fill(bias);
    this.#fc2 = this.child("fc2", layer(hidden, channels, biases));
  }

  /**
   * Training: draws the mask.
   *
   * @param x the block's input, [N, H, W, I].
   * @param index the gate's place in the network, which addresses its noise.
   * @returns the mask with the straight-through gradient, and the mask of the same logits without noise, which has no
   * gradient.
   */
  sample(context: ForwardContext, x: Tensor, index: number): SampledMask {
    const { tape, collective } = context;
    const pooled = globalPool(tape, x);
    const hidden = this.#norm.forward(tape, this.#fc1.forward(tape, pooled), {
      training: true,
      relu: true,
      collective,
    });
    const logits = this.#fc2.forward(tape, hidden);
    const noiseFree = gateThreshold(logits);
    return {
      mask: gateSample(tape, logits, context.noise.uniform(index, logits.shape), context.temperature),
      noiseFree,
    };
  }

  /**
   * Evaluation: the mask without noise.
   *
   * @param pooled means over the pixels of the block's input, [N, I].
   * @returns [N, C] of 0 and 1.
   */
  decide(pooled: Tensor): Tensor {
    return gateDecide(pooled, {
      weight1: this.#fc1.weight.value,
      norm: this.#norm.norm,
      weight2: this.#fc2.weight.value,
      bias: this.#fc2.bias?.value ?? null,
    });
  }
}
