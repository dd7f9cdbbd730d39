/**
 * The gated residual block at inference, which computes only the channels that are open.
 *
 * @module
 */
import { Tensor } from "../tensor/mod.ts";
import { foldNorm, type NormState } from "./batch_norm.ts";
import { convolvedSize } from "./conv2d.ts";
import { packGated } from "./gated_weights.ts";
import type { PackedWeights } from "./packed_weights.ts";
import { expectF32, expectShape, imageShape } from "./shapes.ts";

/** A block's weights as the operation takes them. */
export interface GatedBlockWeights {
  /** First convolution, OHWI [C, 3, 3, I] f32. */
  readonly weight1: Tensor;
  /** Norm after it. */
  readonly norm1: NormState;
  /** Second convolution, OHWI [C, 3, 3, C] f32. */
  readonly weight2: Tensor;
  /** Norm after it. */
  readonly norm2: NormState;
  /** Packed copies of `weight1`. */
  readonly packed1: PackedWeights;
  /** Packed copies of `weight2`. */
  readonly packed2: PackedWeights;
}

/** Values of SL_GATED_BLOCK_FIRST, SL_GATED_BLOCK_SECOND. */
const Convolution = { first: 0, second: 1 } as const;

/**
 * y = relu(norm2(conv2(relu(norm1(conv1(x))) * mask)) + residual), with norms of running statistics: equal to masking, but
 * for each image only its open channels are convolved. No gradient. (method of Krishna et al. 2023 and DGNet, Li et al. 2021)
 *
 * @param x [N, H, W, I] f32.
 * @param mask [N, C] f32 of 0 and 1.
 * @param residual [N, H', W', C] f32, H' = floor((H - 1) / stride) + 1.
 * @param stride that of the first convolution.
 * @returns [N, H', W', C] f32.
 * @throws {ShapeError} where shapes do not fit.
 */
export function gatedBlock(
  x: Tensor,
  mask: Tensor,
  weights: GatedBlockWeights,
  residual: Tensor,
  stride: number,
): Tensor {
  expectF32("gatedBlock", x, mask, residual);
  const [batch, height, width, inChannels] = imageShape("gatedBlock", x);
  const { weight1, weight2, norm1, norm2 } = weights;
  const channels = weight1.dim(0);
  expectShape("gatedBlock", "weight1", weight1, [channels, 3, 3, inChannels]);
  expectShape("gatedBlock", "weight2", weight2, [channels, 3, 3, channels]);
  expectShape("gatedBlock", "mask", mask, [batch, channels]);
  const geometry = { stride, padding: 1 };
  const outShape = [batch, convolvedSize(height, 3, geometry), convolvedSize(width, 3, geometry), channels];
  expectShape("gatedBlock", "residual", residual, outShape);
  const { kernels } = x.device;
  // Field order of sl_gated_block_shape.
  const shape = Int32Array.of(batch, height, width, inChannels, channels, stride);
  const packed1 = packGated("gated_block", weight1, shape, Convolution.first, weights.packed1);
  const packed2 = packGated("gated_block", weight2, shape, Convolution.second, weights.packed2);
  using fold1 = foldNorm(norm1);
  using fold2 = foldNorm(norm2);
  const y = new Tensor(x.device, outShape);
  kernels.sl_gated_block_forward(
    shape,
    x.pointer,
    mask.pointer,
    packed1.pointer,
    fold1.scale,
    fold1.shift,
    packed2.pointer,
    fold2.scale,
    fold2.shift,
    residual.pointer,
    y.pointer,
  );
  return y;
}
