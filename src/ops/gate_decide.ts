/**
 * A whole gate at inference.
 *
 * @module
 */
import { Tensor } from "../tensor/mod.ts";
import type { NormState } from "./batch_norm.ts";
import { expectF32, expectShape, matrixShape } from "./shapes.ts";

/** The two layers of a gate and the norm between them. */
export interface GateLayers {
  /** First layer, [hidden, I] f32. */
  readonly weight1: Tensor;
  /** Norm after the first layer; relu follows it. */
  readonly norm: NormState;
  /** Second layer, [C, hidden] f32. */
  readonly weight2: Tensor;
  /** Biases of the logits, [C] f32; null if there are none. */
  readonly bias: Tensor | null;
}

/**
 * mask = [weight2 relu(norm(weight1 pooled)) + bias >= 0]; the norm uses its running statistics. No noise, no gradient.
 * (evaluation of the gates of DGNet, Li et al. 2021)
 *
 * @param pooled the block's input averaged over its pixels, [N, I] f32.
 * @returns [N, C] f32 of 0 and 1.
 * @throws {ShapeError} if shapes do not fit, or if a tensor is not f32.
 */
export function gateDecide(pooled: Tensor, { weight1, norm, weight2, bias }: GateLayers): Tensor {
  expectF32("gateDecide", pooled, weight1, weight2, bias);
  const [batch, inChannels] = matrixShape("gateDecide", pooled);
  const [hidden, channels] = [weight1.dim(0), weight2.dim(0)];
  expectShape("gateDecide", "weight1", weight1, [hidden, inChannels]);
  expectShape("gateDecide", "gamma", norm.gamma, [hidden]);
  expectShape("gateDecide", "weight2", weight2, [channels, hidden]);
  if (bias !== null) expectShape("gateDecide", "bias", bias, [channels]);
  const mask = new Tensor(pooled.device, [batch, channels]);
  pooled.device.kernels.sl_gate_decide(
    batch,
    inChannels,
    hidden,
    channels,
    pooled.pointer,
    weight1.pointer,
    norm.runningMean.pointer,
    norm.runningVar.pointer,
    norm.gamma.pointer,
    norm.beta.pointer,
    norm.epsilon,
    weight2.pointer,
    bias?.pointer ?? null,
    mask.pointer,
  );
  return mask;
}
