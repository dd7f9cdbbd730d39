/**
 * The gated bottleneck at inference, which computes only the channels that are open.
 *
 * @module
 */
import { Tensor } from "../tensor/mod.ts";
import { foldNorm, type NormState } from "./batch_norm.ts";
import { convolvedSize } from "./conv2d.ts";
import { packGated } from "./gated_weights.ts";
import type { PackedWeights } from "./packed_weights.ts";
import { expectF32, expectShape, imageShape } from "./shapes.ts";

/** A bottleneck's weights as the operation takes them. */
export interface GatedBottleneckWeights {
  /** First convolution, OHWI [C, 1, 1, I] f32. */
  readonly weight1: Tensor;
  /** Norm after it. */
  readonly norm1: NormState;
  /** Second convolution, OHWI [C, 3, 3, C] f32. */
  readonly weight2: Tensor;
  /** Norm after it. */
  readonly norm2: NormState;
  /** Third convolution, OHWI [4C, 1, 1, C] f32. */
  readonly weight3: Tensor;
  /** Norm after it. */
  readonly norm3: NormState;
  /** Packed copies of `weight1`. */
  readonly packed1: PackedWeights;
  /** Packed copies of `weight2`. */
  readonly packed2: PackedWeights;
  /** Packed copies of `weight3`. */
  readonly packed3: PackedWeights;
}

/** Values of SL_GATED_BOTTLENECK_FIRST, SL_GATED_BOTTLENECK_SECOND, SL_GATED_BOTTLENECK_THIRD. */
const Convolution = { first: 0, second: 1, third: 2 } as const;

/** Output channels for each of the others. */
const EXPANSION = 4;

/**
 * y = relu(norm3(conv3(h2)) + residual), h2 = relu(norm2(conv2(h1))) * mask2, h1 = relu(norm1(conv1(x))) * mask1, with
 * norms of running statistics: equal to masking, but of each image only its open channels are convolved. Kernels of 1x1,
 * 3x3 with padding 1, and 1x1. No gradient. (the gated block's method on the bottleneck of He et al. 2015)
 *
 * @param x [N, H, W, I] f32.
 * @param masks of the first and of the second convolution's outputs, [N, C] f32 of 0 and 1.
 * @param residual [N, H', W', 4C] f32, H' = floor((H - 1) / stride) + 1.
 * @param stride that of the second convolution.
 * @returns [N, H', W', 4C] f32.
 * @throws {ShapeError} where shapes do not fit.
 */
export function gatedBottleneck(
  x: Tensor,
  [mask1, mask2]: readonly [Tensor, Tensor],
  weights: GatedBottleneckWeights,
  residual: Tensor,
  stride: number,
): Tensor {
  expectF32("gatedBottleneck", x, mask1, mask2, residual);
  const [batch, height, width, inChannels] = imageShape("gatedBottleneck", x);
  const { weight1, weight2, weight3 } = weights;
  const channels = weight1.dim(0);
  const outChannels = EXPANSION * channels;
  expectShape("gatedBottleneck", "weight1", weight1, [channels, 1, 1, inChannels]);
  expectShape("gatedBottleneck", "weight2", weight2, [channels, 3, 3, channels]);
  expectShape("gatedBottleneck", "weight3", weight3, [outChannels, 1, 1, channels]);
  expectShape("gatedBottleneck", "mask1", mask1, [batch, channels]);
  expectShape("gatedBottleneck", "mask2", mask2, [batch, channels]);
  const geometry = { stride, padding: 1 };
  const outShape = [batch, convolvedSize(height, 3, geometry), convolvedSize(width, 3, geometry), outChannels];
  expectShape("gatedBottleneck", "residual", residual, outShape);
  // Field order of sl_gated_bottleneck_shape.
  const shape = Int32Array.of(batch, height, width, inChannels, channels, stride);
  const packed1 = packGated("gated_bottleneck", weight1, shape, Convolution.first, weights.packed1);
  const packed2 = packGated("gated_bottleneck", weight2, shape, Convolution.second, weights.packed2);
  const packed3 = packGated("gated_bottleneck", weight3, shape, Convolution.third, weights.packed3);
  using fold1 = foldNorm(weights.norm1);
  using fold2 = foldNorm(weights.norm2);
  using fold3 = foldNorm(weights.norm3);
  const y = new Tensor(x.device, outShape);
  const { kernels } = x.device;
  kernels.sl_gated_bottleneck_forward(
    shape,
    x.pointer,
    mask1.pointer,
    mask2.pointer,
    packed1.pointer,
    fold1.scale,
    fold1.shift,
    packed2.pointer,
    fold2.scale,
    fold2.shift,
    packed3.pointer,
    fold3.scale,
    fold3.shift,
    residual.pointer,
    y.pointer,
  );
  return y;
}
