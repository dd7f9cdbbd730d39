/**
 * Convolution as a layer that owns its weight.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { conv2d, type ConvolutionGeometry } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { Initialiser } from "./initialisation.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Sizes of a convolution layer with a square kernel. */
export interface Conv2dOptions extends ConvolutionGeometry {
  /** Channels of the input. */
  readonly inChannels: number;
  /** Channels of the output. */
  readonly outChannels: number;
  /** Height and width of the kernel. */
  readonly kernel: number;
}

/** Convolution without bias; weight OHWI, Kaiming normal (fan-out). */
export class Conv2d extends Module {
  /** [O, K, K, I] f32. */
  readonly weight: Parameter;

  /** Draws the weight, the next of the initialiser. */
  constructor(device: Device, initialiser: Initialiser, readonly options: Conv2dOptions) {
    super();
    const { inChannels, outChannels, kernel } = options;
    const values = initialiser.kaimingNormal(outChannels * kernel * kernel * inChannels, outChannels * kernel * kernel);
    const shape = [outChannels, kernel, kernel, inChannels];
    this.weight = this.parameter("weight", new Parameter(device, values, shape));
  }

  /** [N, H, W, I] to [N, H', W', O]. */
  forward(tape: Recorder, x: Tensor): Tensor {
    return conv2d(tape, x, this.weight.value, this.options, this.weight.packed);
  }
}
