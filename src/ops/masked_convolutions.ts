/**
 * A residual block at inference in full: every channel is computed, and masks multiply the closed ones away.
 *
 * @module
 */
import type { Tensor } from "../tensor/mod.ts";
import { batchNorm, type NormState } from "./batch_norm.ts";
import { conv2d, type ConvolutionGeometry } from "./conv2d.ts";
import type { PackedWeights } from "./packed_weights.ts";

/** One row of the table that describes a residual block: a convolution, followed by a norm, relu and perhaps a mask. */
export interface ConvolutionRow extends ConvolutionGeometry {
  /** Height and width of the kernel. */
  readonly kernel: number;
  /** Channels of the output, open or not. */
  readonly outChannels: number;
  /** Whether a mask follows; never in the last row, where the residual is added. */
  readonly masked: boolean;
  /**
   * Neighbouring channels that the mask opens together, a divisor of outChannels; 1 by default. Only the speed depends
   * on it: a mask that opens a part of a group may cost as much as if it opened the whole group.
   */
  readonly group?: number;
}

/** The operands of one row. */
export interface ConvolutionOperands {
  /** OHWI [O, K, K, I] f32. */
  readonly weight: Tensor;
  /** Packed copies of the weight. */
  readonly packed: PackedWeights;
  /** The norm behind the convolution. */
  readonly norm: NormState;
  /** [N, O] f32 of 0 and 1, if the outputs are masked. */
  readonly mask?: Tensor | undefined;
}

/** How the norms compute, and what watches the rows. */
export interface MaskedOptions {
  /**
   * True: norms use the statistics of the batch, and update their running ones as in training. False, the default:
   * norms use their running statistics.
   */
  readonly training?: boolean;
  /** Called after each row with its output, mask included. Only the last row's output stays after the call. */
  readonly observe?: (row: number, output: Tensor) => void;
}

/**
 * h = relu(norm(conv(h))) * mask row by row, from h = x, and y = relu(norm(conv(h)) + residual) in the last row. It
 * works for every table, and costs the same whatever the masks are. No gradient.
 *
 * @param x [N, H, W, I], f32 or bf16.
 * @param operands by row; a row without a mask keeps every channel.
 * @param residual [N, H', W', O] of x's element type, the shape of the result.
 * @throws {ShapeError} if shapes do not fit.
 */
export function maskedConvolutions(
  x: Tensor,
  table: readonly ConvolutionRow[],
  operands: readonly ConvolutionOperands[],
  residual: Tensor,
  { training = false, observe }: MaskedOptions = {},
): Tensor {
  let h = x;
  operands.forEach(({ weight, packed, norm, mask }, index) => {
    const { stride, padding } = table[index] ?? { stride: 1, padding: 0 };
    using convolved = conv2d(null, h, weight, { stride, padding }, packed);
    if (h !== x) h[Symbol.dispose]();
    const follows = index === operands.length - 1 ? { residual } : { mask };
    h = batchNorm(null, convolved, norm, { training, relu: true, ...follows });
    observe?.(index, h);
  });
  return h;
}
