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

/** What a gate decides in training, each [N, C] f32 of 0 and 1. */
export interface SampledMask {
  /** With noise: what the pass computes with. */
  readonly mask: Tensor;
  /** Without: what evaluation would decide, but for the norm's statistics. */
  readonly noiseFree: Tensor;
}

/**
 * Global average pool, linear I -> I/4, norm, relu, linear -> C: one logit a channel. In training its bit is drawn, in
 * evaluation it is [logit >= 0].
 */
export class Gate extends Module {
  readonly #fc1: Linear;
  readonly #norm: BatchNorm;
  readonly #fc2: Linear;

  /**
   * A gate that reads `inChannels` channels and decides on `channels`. Its weights do not decay.
   *
   * @param bias initial value of biases of the logits, which are trained; null: the logits have none, as in the paper.
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
   * @param index the gate's place among the network's, which addresses its noise.
   * @returns the mask, [N, C] of 0 and 1, with the straight-through gradient; and that of the same logits without noise, through which
   * no gradient flows.
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
