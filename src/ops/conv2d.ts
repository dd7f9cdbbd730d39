/**
 * Two-dimensional convolution.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { constants, structOf } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";
import { PackedWeights } from "./packed_weights.ts";
import { expectShape, imageShape } from "./shapes.ts";

/** Stride and padding, the same for both axes. */
export interface ConvolutionGeometry {
  /** Step between output positions. */
  readonly stride: number;
  /** Zeros added on each side of an axis. */
  readonly padding: number;
}

const { SL_CONV_FORWARD, SL_CONV_BACKWARD_DATA } = constants;

/**
 * Output size along one axis: floor((size + 2 padding - kernel) / stride) + 1.
 *
 * @throws {ShapeError} if the stride is below 1.
 */
export function convolvedSize(size: number, kernel: number, geometry: ConvolutionGeometry): number {
  if (!(geometry.stride >= 1)) {
    throw new ShapeError(`a window of stride ${geometry.stride} does not move: use 1 or more`);
  }
  return Math.floor((size + 2 * geometry.padding - kernel) / geometry.stride) + 1;
}

function pack(weight: Tensor, shape: Int32Array<ArrayBuffer>, direction: number): Tensor {
  const { kernels } = weight.device;
  const bytes = new BigInt64Array(1);
  kernels.sl_conv_packed_bytes(shape, direction, bytes);
  const packed = new Tensor(weight.device, [Number(bytes[0])], "u8");
  kernels.sl_conv_pack(shape, direction, weight.pointer, packed.pointer);
  return packed;
}

/**
 * y = convolution of x with weight, without bias.
 *
 * Gradients: dx = transposed convolution of dy with the weight; dw = correlation of x with dy.
 *
 * @param x [N, H, W, I], f32 or bf16.
 * @param weight [O, KH, KW, I] f32 (OHWI).
 * @param packed the weight's packed copies, shared by all calls until the weight changes; by default made and freed
 * here.
 * @returns [N, H', W', O] of x's element type.
 * @throws {ShapeError} if shapes do not fit.
 * @throws {UnsupportedError} if the device cannot convolve x's element type.
 */
export function conv2d(
  tape: Recorder,
  x: Tensor,
  weight: Tensor,
  geometry: ConvolutionGeometry,
  packed?: PackedWeights,
): Tensor {
  const [batch, height, width, inChannels] = imageShape("conv2d", x);
  const [outChannels, kernelHeight, kernelWidth] = imageShape("conv2d weight", weight);
  expectShape("conv2d", "weight", weight, [outChannels, kernelHeight, kernelWidth, inChannels]);
  const { kernels } = x.device;
  const shape = structOf("sl_conv_shape", {
    batch,
    height,
    width,
    in_channels: inChannels,
    out_channels: outChannels,
    kernel_height: kernelHeight,
    kernel_width: kernelWidth,
    stride: geometry.stride,
    padding: geometry.padding,
    dtype: x.code,
  });
  const copies = packed ?? new PackedWeights();
  const { sharedPacks } = x.device.description;
  const packedFor = (direction: number) => {
    const served = sharedPacks ? SL_CONV_FORWARD : direction;
    return copies.get(`conv2d ${served} ${shape}`, () => pack(weight, shape, served));
  };
  const y = new Tensor(x.device, [
    batch,
    convolvedSize(height, kernelHeight, geometry),
    convolvedSize(width, kernelWidth, geometry),
    outChannels,
  ], x.dtype);
  kernels.sl_conv_forward(shape, x.pointer, packedFor(SL_CONV_FORWARD).pointer, y.pointer);
  if (packed === undefined) copies.clear();

  if (needsGradient(tape, x, weight)) {
    tape.record(y, [], (dy) => {
      tape.accumulate(x, (dx, accumulate) => {
        const backward = packedFor(SL_CONV_BACKWARD_DATA);
        kernels.sl_conv_backward_data(shape, dy.pointer, backward.pointer, dx.pointer, accumulate);
      });
      tape.accumulate(weight, (dw, accumulate) => {
        kernels.sl_conv_backward_weights(shape, x.pointer, dy.pointer, dw.pointer, accumulate);
      });
      if (packed === undefined) copies.clear();
    });
  }
  return y;
}
